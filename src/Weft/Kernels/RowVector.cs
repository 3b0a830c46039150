using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Weft.Kernels;

/// <summary>Sums over one row's entries; a leaf adds its part to what is there.</summary>
internal unsafe interface ILeafSum
{
    void AddTo(Real* sum, long first, long last);
}

/// <summary>The few operations on one row that the sparse kernels are made of.</summary>
internal static unsafe class RowVector
{
    /// <summary>Longest run of edges that is added up one after another; longer rows are cut here and combined in a tree.</summary>
    public const long LongestRun = 4096;

    /// <summary>Rows of a leaf where a sum runs over nodes.</summary>
    public const long RowsPerLeaf = 256;

    /// <summary>y += a · x</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Real a, Real* x, Real* y, long count) => Combine<ScaledSum>(x, y, y, a, count);

    /// <summary>y = a · y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(Real a, Real* y, long count) => Combine<Multiple>(y, y, y, a, count);

    /// <summary>y += x</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Real* x, Real* y, long count) => Combine<PlainSum>(x, y, y, 0, count);

    /// <summary>z = x + y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sum(Real* x, Real* y, Real* z, long count) => Combine<PlainSum>(x, y, z, 0, count);

    /// <summary>z = x − y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Subtract(Real* x, Real* y, Real* z, long count) => Combine<Difference>(x, y, z, 0, count);

    /// <summary>z = x / y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Divide(Real* x, Real* y, Real* z, long count) => Combine<Quotient>(x, y, z, 0, count);

    /// <summary>z = x ⊙ y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(Real* x, Real* y, Real* z, long count) => Combine<Product>(x, y, z, 0, count);

    /// <summary>z = max(x, y)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Max(Real* x, Real* y, Real* z, long count) => Combine<Larger>(x, y, z, 0, count);

    /// <summary>x = exp(x), x ≤ 0, every entry by the same instructions wherever it lies and whatever lies beside it.</summary>
    /// <remarks>The framework's Exp of doubles is no such function: one entry out of range changes how its neighbours are computed.</remarks>
    public static void Exp(Real* x, long count)
    {
        if (Vector512.IsHardwareAccelerated) Exp<Lanes512, Vector512<Real>>(x, count);
        else if (Vector256.IsHardwareAccelerated) Exp<Lanes256, Vector256<Real>>(x, count);
        else Exp<Lanes128, Vector128<Real>>(x, count);
    }

    private static void Exp<TLanes, TVector>(Real* x, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long j = 0;
        for (; j <= count - TLanes.Count; j += TLanes.Count) TLanes.Store(VectorMath.Exp<TLanes, TVector>(TLanes.Load(x + j)), x + j);
        if (j == count) return;
        TVector padded = default;
        Real* rest = (Real*)&padded;
        for (long t = j; t < count; t++) rest[t - j] = x[t];
        padded = VectorMath.Exp<TLanes, TVector>(padded);
        for (long t = j; t < count; t++) x[t] = rest[t - j];
    }

    // z = f(x, y) with the widest vectors that still fit: rows are often as narrow as the number of heads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine<TOperation>(Real* x, Real* y, Real* z, Real a, long count)
        where TOperation : struct, IOperation
    {
        long j = 0;
        for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
            TOperation.Of(Vector512.Load(x + j), Vector512.Load(y + j), Vector512.Create(a)).Store(z + j);
        if (j <= count - Vector256<Real>.Count)
        {
            TOperation.Of(Vector256.Load(x + j), Vector256.Load(y + j), Vector256.Create(a)).Store(z + j);
            j += Vector256<Real>.Count;
        }
        if (j <= count - Vector128<Real>.Count)
        {
            TOperation.Of(Vector128.Load(x + j), Vector128.Load(y + j), Vector128.Create(a)).Store(z + j);
            j += Vector128<Real>.Count;
        }
        for (; j < count; j++) z[j] = TOperation.Of(x[j], y[j], a);
    }

    /// <summary>⟨x, y⟩</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Dot(Real* x, Real* y, long count)
    {
        long j = 0;
        Real sum = 0;
        if (count >= Vector512<Real>.Count)
        {
            var wide = Vector512<Real>.Zero;
            for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
                wide = Vector512.FusedMultiplyAdd(Vector512.Load(x + j), Vector512.Load(y + j), wide);
            sum = Vector512.Sum(wide);
        }
        if (j <= count - Vector256<Real>.Count)
        {
            sum += Vector256.Sum(Vector256.Load(x + j) * Vector256.Load(y + j));
            j += Vector256<Real>.Count;
        }
        if (j <= count - Vector128<Real>.Count)
        {
            sum += Vector128.Sum(Vector128.Load(x + j) * Vector128.Load(y + j));
            j += Vector128<Real>.Count;
        }
        for (; j < count; j++) sum = Real.FusedMultiplyAdd(x[j], y[j], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(Real* x, long count) => new Span<Real>(x, (int)count).Clear();

    /// <summary>
    /// sum += Σ over first … last − 1, cut every <paramref name="run"/> entries and combined in a dyadic tree, so that a hub's
    /// sum is as exact as a short row's and does not depend on who computes which part.
    /// </summary>
    public static void AddInTree<TLeaf>(ref TLeaf leaf, long first, long last, Real* sum, long width, long run = LongestRun)
        where TLeaf : struct, ILeafSum
    {
        long count = last - first;
        if (count <= run)
        {
            leaf.AddTo(sum, first, last);
            return;
        }
        int depth = 2 + (int)long.Log2((count + run - 1) / run);
        Real* scratch = Scratch.Take(ScratchUse.Tree, depth * width);
        Clear(scratch, width);
        Tree(ref leaf, first, last, scratch, width, run);
        Add(scratch, sum, width);
    }

    private static void Tree<TLeaf>(ref TLeaf leaf, long first, long last, Real* sum, long width, long run)
        where TLeaf : struct, ILeafSum
    {
        long leaves = (last - first + run - 1) / run;
        if (leaves == 1)
        {
            leaf.AddTo(sum, first, last);
            return;
        }
        long left = 1L << (int)long.Log2(leaves - 1);
        long middle = first + left * run;
        Tree(ref leaf, first, middle, sum, width, run);
        Real* right = sum + width;
        Clear(right, width);
        Tree(ref leaf, middle, last, right, width, run);
        Add(right, sum, width);
    }
}
