using System.Runtime.CompilerServices;

namespace Weft.Kernels;

/// <summary>
/// Exponentials of arguments that are not positive, all that a stable softmax, ELU, tanh and logistic function need, in
/// every vector width. Errors are below two units in the last place; results below the smallest normal number are 0.
/// </summary>
/// <remarks>x = n·ln 2 + r with |r| ≤ ln 2 / 2; eʳ − 1 by its Taylor polynomial; 2ⁿ by its exponent bits. NaN stays NaN.</remarks>
internal static class VectorMath
{
    private const double Log2E = 1.4426950408889634;
    // ln 2 in two parts; the high part has enough trailing zeros for n · high to be exact.
    private const double High = sizeof(Real) == 4 ? 0.693359375 : 0.693147180369123816490;
    private const double Low = sizeof(Real) == 4 ? -2.12194440054690583e-4 : 1.90821492927058770002e-10;
    /// <summary>Below this, eˣ is smaller than the smallest normal number.</summary>
    private const double Lowest = sizeof(Real) == 4 ? -87.3365 : -708.396;

    /// <summary>eˣ, x ≤ 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var p = Reduced<TLanes, TVector>(x, out var power);
        return TLanes.Select(TLanes.Less(x, TLanes.All((Real)Lowest)), default, TLanes.MultiplyAdd(power, p, power));
    }

    /// <summary>eˣ − 1, x ≤ 0, with small relative error for small x too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Expm1<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var minusOne = TLanes.All(-1);
        var p = Reduced<TLanes, TVector>(x, out var power);
        return TLanes.Select(TLanes.Less(x, TLanes.All((Real)Lowest)), minusOne, TLanes.MultiplyAdd(power, p, TLanes.Add(power, minusOne)));
    }

    /// <summary>eʳ − 1 and 2ⁿ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Reduced<TLanes, TVector>(TVector x, out TVector power)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var n = TLanes.Round(TLanes.Multiply(x, TLanes.All((Real)Log2E)));
        var r = TLanes.MultiplyAdd(n, TLanes.All((Real)(-High)), x);
        r = TLanes.MultiplyAdd(n, TLanes.All((Real)(-Low)), r);
        power = TLanes.PowerOfTwo(n);
        TVector q;
        if (Unsafe.SizeOf<Real>() == 4) q = TLanes.All((Real)(1.0 / 5040));
        else
        {
            q = TLanes.All((Real)(1.0 / 6227020800));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 479001600)));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 39916800)));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 3628800)));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 362880)));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 40320)));
            q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 5040)));
        }
        q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 720)));
        q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 120)));
        q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 24)));
        q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)(1.0 / 6)));
        q = TLanes.MultiplyAdd(q, r, TLanes.All((Real)0.5));
        return TLanes.MultiplyAdd(TLanes.Multiply(r, r), q, r);
    }
}
