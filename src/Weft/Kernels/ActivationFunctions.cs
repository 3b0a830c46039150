using System.Runtime.CompilerServices;

namespace Weft.Kernels;

/// <summary>σ and σ', both from the pre-activation, and σ' from the output y = σ(x). NaN gives NaN.</summary>
internal interface IActivation
{
    /// <summary>σ' where σ is <paramref name="y"/>. Only for parameters with <see cref="Activation.HasSlopeOfOutput"/>.</summary>
    TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}

internal readonly struct IdentityFunction : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.All(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.All(1);
}

/// <summary>x if x &gt; 0, else s·x; ReLU is s = 0.</summary>
internal readonly struct LeakyReluFunction(Real slope) : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => Slope<TLanes, TVector>(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Select(TLanes.AtMost(x, default), TLanes.Multiply(x, TLanes.All(slope)), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Select(TLanes.Less(default, x), TLanes.All(1), TLanes.All(slope));
}

/// <summary>max(x, 0), with +0 for every x that is not positive, −∞ included.</summary>
internal readonly struct ReluFunction : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => Slope<TLanes, TVector>(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Select(TLanes.AtMost(x, default), default, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Select(TLanes.Less(default, x), TLanes.All(1), default);
}

/// <summary>x if x &gt; 0, else α(eˣ − 1).</summary>
internal readonly struct EluFunction(Real alpha) : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Select(TLanes.Less(default, y), TLanes.All(1), TLanes.Add(y, TLanes.All(alpha)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        TLanes.Select(TLanes.Less(default, x), x, TLanes.Multiply(TLanes.All(alpha), VectorMath.Expm1<TLanes, TVector>(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        TLanes.Select(TLanes.Less(default, x), TLanes.All(1), TLanes.Multiply(TLanes.All(alpha), VectorMath.Exp<TLanes, TVector>(x)));
}

/// <summary>tanh |x| = −t / (2 + t) with t = e^(−2|x|) − 1: no overflow, exact to rounding for small x.</summary>
internal readonly struct TanhFunction : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Subtract(TLanes.All(1), TLanes.Multiply(y, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var t = VectorMath.Expm1<TLanes, TVector>(TLanes.Multiply(TLanes.All(-2), TLanes.Abs(x)));
        var y = TLanes.Divide(t, TLanes.Add(TLanes.All(2), t));
        return TLanes.Select(TLanes.AtMost(x, default), y, TLanes.Negate(y));
    }

    /// <summary>4e / (1 + e)² with e = e^(−2|x|), which is 1 − tanh² x without its cancellation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var e = VectorMath.Exp<TLanes, TVector>(TLanes.Multiply(TLanes.All(-2), TLanes.Abs(x)));
        var half = TLanes.Divide(TLanes.All(2), TLanes.Add(TLanes.All(1), e));
        return TLanes.Multiply(TLanes.Multiply(e, half), half);
    }
}

/// <summary>1 / (1 + e⁻ˣ) for x &gt; 0, eˣ / (1 + eˣ) for the others.</summary>
internal readonly struct LogisticFunction : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Multiply(y, TLanes.Subtract(TLanes.All(1), y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var one = TLanes.All(1);
        var e = VectorMath.Exp<TLanes, TVector>(TLanes.Negate(TLanes.Abs(x)));
        return TLanes.Divide(TLanes.Select(TLanes.Less(default, x), one, e), TLanes.Add(one, e));
    }

    /// <summary>e / (1 + e)² with e = e^(−|x|), which is σ(1 − σ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var one = TLanes.All(1);
        var e = VectorMath.Exp<TLanes, TVector>(TLanes.Negate(TLanes.Abs(x)));
        var half = TLanes.Divide(one, TLanes.Add(one, e));
        return TLanes.Multiply(TLanes.Multiply(e, half), half);
    }
}
