using System.Runtime.CompilerServices;
using Weft.Kernels;

namespace Weft.MessagePassing;

/// <summary>The few operations on rows that most messages are made of, with the widest vectors that the machine has.</summary>
public static unsafe class RowMath
{
    /// <summary>y += x</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add(ReadOnlySpan<Real> x, Span<Real> y)
    {
        Same(x.Length, y.Length);
        fixed (Real* from = x, to = y) RowVector.Add(from, to, y.Length);
    }

    /// <summary>y += a · x</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void AddScaled(Real a, ReadOnlySpan<Real> x, Span<Real> y)
    {
        Same(x.Length, y.Length);
        fixed (Real* from = x, to = y) RowVector.AddScaled(a, from, to, y.Length);
    }

    /// <summary>z = x ⊙ y</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Multiply(ReadOnlySpan<Real> x, ReadOnlySpan<Real> y, Span<Real> z)
    {
        Same(x.Length, z.Length);
        Same(y.Length, z.Length);
        fixed (Real* left = x, right = y, to = z) RowVector.Multiply(left, right, to, z.Length);
    }

    /// <summary>⟨x, y⟩</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static Real Dot(ReadOnlySpan<Real> x, ReadOnlySpan<Real> y)
    {
        Same(x.Length, y.Length);
        fixed (Real* left = x, right = y) return RowVector.Dot(left, right, y.Length);
    }

    /// <summary>1 / (1 + e⁻ˣ), without overflow.</summary>
    public static Real Logistic(Real x)
    {
        Real e = Real.Exp(-Real.Abs(x));
        return (x >= 0 ? 1 : e) / (1 + e);
    }

    /// <summary>y = 1 / (1 + e⁻ˣ), entry by entry; y may be x.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Logistic(ReadOnlySpan<Real> x, Span<Real> y)
    {
        Same(x.Length, y.Length);
        fixed (Real* from = x, to = y) Map.Row(from, from, y.Length, default(LogisticValue), to);
    }

    private readonly struct LogisticValue : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => default(LogisticFunction).Value<TLanes, TVector>(a);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Same(int found, int expected)
    {
        if (found != expected) throw new ArgumentException($"a row of {found} numbers meets one of {expected}; they must be equally long");
    }
}
