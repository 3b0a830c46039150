using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Weft.Kernels;

/// <summary>
/// One vector width. A kernel is written once over <c>TLanes</c> and <typeparamref name="TVector"/>; the processor's widest
/// width is chosen where the kernel starts.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    static abstract int Count { get; }
    static abstract TVector Load(Real* source);
    static abstract void Store(TVector v, Real* target);

    /// <summary>Stores past the caches, to an address that is a multiple of the vector's size. <see cref="Memory.AlignedMemory"/> is.</summary>
    static abstract void StorePast(TVector v, Real* target);
    static abstract TVector All(Real value);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Subtract(TVector a, TVector b);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a · b + c, in one rounding where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
    static abstract TVector Abs(TVector a);
    static abstract TVector Negate(TVector a);
    static abstract TVector Round(TVector a);

    /// <summary>All bits set where a ≤ b.</summary>
    static abstract TVector AtMost(TVector a, TVector b);
    static abstract TVector Less(TVector a, TVector b);
    static abstract TVector Select(TVector mask, TVector a, TVector b);

    /// <summary>c + (d where a &lt; b, else e). In one operation, because the compiler takes long rows of such choices apart.</summary>
    static abstract TVector AddChosen(TVector a, TVector b, TVector c, TVector d, TVector e);

    /// <summary>2ⁿ for whole n that the type has a normal number for.</summary>
    static abstract TVector PowerOfTwo(TVector n);

    /// <summary>True where some entry is infinite or not a number.</summary>
    static abstract bool AnyNotFinite(TVector a);
    static abstract Real Sum(TVector a);

    /// <summary>The larger and the smaller of each pair; where one is not a number, the result is the second.</summary>
    static abstract TVector Max(TVector a, TVector b);
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>The largest entry, of those that are numbers.</summary>
    static abstract Real Largest(TVector a);

    /// <summary>All bits set in the first <paramref name="count"/> lanes.</summary>
    static abstract TVector First(int count);

    /// <summary>Writes the sums of four vectors side by side.</summary>
    static abstract void StoreSums(TVector a, TVector b, TVector c, TVector d, Real* target);

    /// <summary>a where the word of that lane is at least <paramref name="threshold"/>, zero elsewhere.</summary>
    static abstract TVector Keep(uint* words, uint threshold, TVector a);
}

/// <summary>Vectors of 512 bits.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct Lanes512 : ILanes<Vector512<Real>>
{
    public static int Count => Vector512<Real>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Load(Real* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<Real> v, Real* target) => Vector512.Store(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePast(Vector512<Real> v, Real* target) => Vector512.StoreAlignedNonTemporal(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> All(Real value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Add(Vector512<Real> a, Vector512<Real> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Subtract(Vector512<Real> a, Vector512<Real> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Multiply(Vector512<Real> a, Vector512<Real> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Divide(Vector512<Real> a, Vector512<Real> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> MultiplyAdd(Vector512<Real> a, Vector512<Real> b, Vector512<Real> c) => Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Abs(Vector512<Real> a) => Vector512.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Negate(Vector512<Real> a) => -a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Round(Vector512<Real> a) => Vector512.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> AtMost(Vector512<Real> a, Vector512<Real> b) => Vector512.LessThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Less(Vector512<Real> a, Vector512<Real> b) => Vector512.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Select(Vector512<Real> mask, Vector512<Real> a, Vector512<Real> b) => Vector512.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> AddChosen(Vector512<Real> a, Vector512<Real> b, Vector512<Real> c, Vector512<Real> d, Vector512<Real> e) =>
        c + Vector512.ConditionalSelect(Vector512.LessThan(a, b), d, e);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> PowerOfTwo(Vector512<Real> n) => sizeof(Real) == 4
        ? Vector512.ShiftLeft((n + Vector512.Create((Real)PowersOfTwo.SingleMagic)).AsInt32(), 23).As<int, Real>()
        : Vector512.ShiftLeft((n + Vector512.Create((Real)PowersOfTwo.DoubleMagic)).AsInt64(), 52).As<long, Real>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotFinite(Vector512<Real> a) => !Vector512.LessThanOrEqualAll(Vector512.Abs(a), Vector512.Create(Real.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Sum(Vector512<Real> a) => Vector512.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Max(Vector512<Real> a, Vector512<Real> b) => Vector512.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Min(Vector512<Real> a, Vector512<Real> b) => Vector512.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> First(int count) => Vector512.LessThan(Vector512<Real>.Indices, Vector512.Create((Real)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Largest(Vector512<Real> a) => Lanes256.Largest(Vector256.MaxNative(a.GetLower(), a.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Vector512<Real> a, Vector512<Real> b, Vector512<Real> c, Vector512<Real> d, Real* target)
    {
        if (Unsafe.SizeOf<Real>() == 4 && Avx512F.IsSupported)
        {
            var (x, y, z, w) = (a.As<Real, float>(), b.As<Real, float>(), c.As<Real, float>(), d.As<Real, float>());
            var xy = Avx512F.UnpackLow(x, y) + Avx512F.UnpackHigh(x, y);
            var zw = Avx512F.UnpackLow(z, w) + Avx512F.UnpackHigh(z, w);
            var quarters = Avx512F.Shuffle(xy, zw, 0b01_00_01_00) + Avx512F.Shuffle(xy, zw, 0b11_10_11_10);
            var halves = quarters.GetLower() + quarters.GetUpper();
            Vector128.Store(halves.GetLower() + halves.GetUpper(), (float*)target);
            return;
        }
        (target[0], target[1], target[2], target[3]) = (Vector512.Sum(a), Vector512.Sum(b), Vector512.Sum(c), Vector512.Sum(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<Real> Keep(uint* words, uint threshold, Vector512<Real> a)
    {
        if (Unsafe.SizeOf<Real>() == 4)
            return Vector512.BitwiseAnd(Vector512.GreaterThanOrEqual(Vector512.Load(words), Vector512.Create(threshold)).As<uint, Real>(), a);
        var low = Vector256.Load(words);
        return Vector512.BitwiseAnd(Vector512.GreaterThanOrEqual(Vector512.Create(Vector256.WidenLower(low), Vector256.WidenUpper(low)), Vector512.Create((ulong)threshold)).As<ulong, Real>(), a);
    }
}

/// <summary>Vectors of 256 bits.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct Lanes256 : ILanes<Vector256<Real>>
{
    public static int Count => Vector256<Real>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Load(Real* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<Real> v, Real* target) => Vector256.Store(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePast(Vector256<Real> v, Real* target) => Vector256.StoreAlignedNonTemporal(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> All(Real value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Add(Vector256<Real> a, Vector256<Real> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Subtract(Vector256<Real> a, Vector256<Real> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Multiply(Vector256<Real> a, Vector256<Real> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Divide(Vector256<Real> a, Vector256<Real> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> MultiplyAdd(Vector256<Real> a, Vector256<Real> b, Vector256<Real> c) => Vector256.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Abs(Vector256<Real> a) => Vector256.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Negate(Vector256<Real> a) => -a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Round(Vector256<Real> a) => Vector256.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> AtMost(Vector256<Real> a, Vector256<Real> b) => Vector256.LessThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Less(Vector256<Real> a, Vector256<Real> b) => Vector256.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Select(Vector256<Real> mask, Vector256<Real> a, Vector256<Real> b) => Vector256.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> AddChosen(Vector256<Real> a, Vector256<Real> b, Vector256<Real> c, Vector256<Real> d, Vector256<Real> e) =>
        c + Vector256.ConditionalSelect(Vector256.LessThan(a, b), d, e);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> PowerOfTwo(Vector256<Real> n) => sizeof(Real) == 4
        ? Vector256.ShiftLeft((n + Vector256.Create((Real)PowersOfTwo.SingleMagic)).AsInt32(), 23).As<int, Real>()
        : Vector256.ShiftLeft((n + Vector256.Create((Real)PowersOfTwo.DoubleMagic)).AsInt64(), 52).As<long, Real>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotFinite(Vector256<Real> a) => !Vector256.LessThanOrEqualAll(Vector256.Abs(a), Vector256.Create(Real.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Sum(Vector256<Real> a) => Vector256.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Max(Vector256<Real> a, Vector256<Real> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Min(Vector256<Real> a, Vector256<Real> b) => Vector256.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> First(int count) => Vector256.LessThan(Vector256<Real>.Indices, Vector256.Create((Real)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Largest(Vector256<Real> a) => Lanes128.Largest(Vector128.MaxNative(a.GetLower(), a.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Vector256<Real> a, Vector256<Real> b, Vector256<Real> c, Vector256<Real> d, Real* target)
    {
        if (Unsafe.SizeOf<Real>() == 4 && Avx.IsSupported)
        {
            var (x, y, z, w) = (a.As<Real, float>(), b.As<Real, float>(), c.As<Real, float>(), d.As<Real, float>());
            var xy = Avx.UnpackLow(x, y) + Avx.UnpackHigh(x, y);
            var zw = Avx.UnpackLow(z, w) + Avx.UnpackHigh(z, w);
            var halves = Avx.Shuffle(xy, zw, 0b01_00_01_00) + Avx.Shuffle(xy, zw, 0b11_10_11_10);
            Vector128.Store(halves.GetLower() + halves.GetUpper(), (float*)target);
            return;
        }
        (target[0], target[1], target[2], target[3]) = (Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<Real> Keep(uint* words, uint threshold, Vector256<Real> a)
    {
        if (Unsafe.SizeOf<Real>() == 4)
            return Vector256.BitwiseAnd(Vector256.GreaterThanOrEqual(Vector256.Load(words), Vector256.Create(threshold)).As<uint, Real>(), a);
        var low = Vector128.Load(words);
        return Vector256.BitwiseAnd(Vector256.GreaterThanOrEqual(Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)), Vector256.Create((ulong)threshold)).As<ulong, Real>(), a);
    }
}

/// <summary>Vectors of 128 bits.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct Lanes128 : ILanes<Vector128<Real>>
{
    public static int Count => Vector128<Real>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Load(Real* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<Real> v, Real* target) => Vector128.Store(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePast(Vector128<Real> v, Real* target) => Vector128.StoreAlignedNonTemporal(v, target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> All(Real value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Add(Vector128<Real> a, Vector128<Real> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Subtract(Vector128<Real> a, Vector128<Real> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Multiply(Vector128<Real> a, Vector128<Real> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Divide(Vector128<Real> a, Vector128<Real> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> MultiplyAdd(Vector128<Real> a, Vector128<Real> b, Vector128<Real> c) => Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Abs(Vector128<Real> a) => Vector128.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Negate(Vector128<Real> a) => -a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Round(Vector128<Real> a) => Vector128.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> AtMost(Vector128<Real> a, Vector128<Real> b) => Vector128.LessThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Less(Vector128<Real> a, Vector128<Real> b) => Vector128.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Select(Vector128<Real> mask, Vector128<Real> a, Vector128<Real> b) => Vector128.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> AddChosen(Vector128<Real> a, Vector128<Real> b, Vector128<Real> c, Vector128<Real> d, Vector128<Real> e) =>
        c + Vector128.ConditionalSelect(Vector128.LessThan(a, b), d, e);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> PowerOfTwo(Vector128<Real> n) => sizeof(Real) == 4
        ? Vector128.ShiftLeft((n + Vector128.Create((Real)PowersOfTwo.SingleMagic)).AsInt32(), 23).As<int, Real>()
        : Vector128.ShiftLeft((n + Vector128.Create((Real)PowersOfTwo.DoubleMagic)).AsInt64(), 52).As<long, Real>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotFinite(Vector128<Real> a) => !Vector128.LessThanOrEqualAll(Vector128.Abs(a), Vector128.Create(Real.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Sum(Vector128<Real> a) => Vector128.Sum(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Max(Vector128<Real> a, Vector128<Real> b) => Vector128.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Min(Vector128<Real> a, Vector128<Real> b) => Vector128.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> First(int count) => Vector128.LessThan(Vector128<Real>.Indices, Vector128.Create((Real)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Largest(Vector128<Real> a)
    {
        if (Unsafe.SizeOf<Real>() == 8) return Real.MaxNative(a[0], a[1]);
        var floats = a.As<Real, float>();
        floats = Vector128.MaxNative(floats, Vector128.Shuffle(floats, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(floats, Vector128.Shuffle(floats, Vector128.Create(1, 0, 3, 2)))[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Vector128<Real> a, Vector128<Real> b, Vector128<Real> c, Vector128<Real> d, Real* target)
    {
        (target[0], target[1], target[2], target[3]) = (Vector128.Sum(a), Vector128.Sum(b), Vector128.Sum(c), Vector128.Sum(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<Real> Keep(uint* words, uint threshold, Vector128<Real> a)
    {
        if (Unsafe.SizeOf<Real>() == 4)
            return Vector128.BitwiseAnd(Vector128.GreaterThanOrEqual(Vector128.Load(words), Vector128.Create(threshold)).As<uint, Real>(), a);
        var pair = Vector128.Create(words[0], (ulong)words[1]);
        return Vector128.BitwiseAnd(Vector128.GreaterThanOrEqual(pair, Vector128.Create((ulong)threshold)).As<ulong, Real>(), a);
    }
}

/// <summary>Adding one of these to a whole number n leaves n plus the exponent bias in the lowest bits of the sum.</summary>
internal static class PowersOfTwo
{
    public const double SingleMagic = 0x1800000 / 2 + 127;
    public const double DoubleMagic = 6755399441055744.0 + 1023;
}
