using System.Runtime.CompilerServices;

namespace Weft.Kernels;

/// <summary>x·Φ(x) with the distribution function of the normal distribution, Φ(x) = (1 + erf(x/√2))/2, exactly, not by a tanh.</summary>
/// <remarks>
/// Hendrycks and Gimpel 2016. σ′ = Φ(x) + x·φ(x). Not monotone, so σ′ cannot be told from the value. For z ≥ 0 and t = 4/(4 + z),
/// erfc(z) = e^{−z²}·t·P(t): P is smooth on all of (0, 1], so one Chebyshev series serves every z, with a small relative error in the tail too.
/// </remarks>
internal readonly struct GeluFunction : IActivation
{
    /// <summary>Beyond this Φ is 0 or 1 in any precision; keeps ∞·0 away.</summary>
    private const double Far = 1000;

    /// <summary>Of e^{z²}·erfc(z)/t in 2t − 1, the first halved; computed with 40 digits.</summary>
    private static ReadOnlySpan<double> Series =>
    [
        0.40802446954913149054, 0.37635823567636743359, 0.14758035457222361932, 0.049571317930027586287, 0.01422710755711717399,
        0.0034434932627175241283, 0.00068225418328380806198, 0.00010340451975756188148, 9.7285459519901499994e-6, -1.198871375841204421e-7,
        -2.1747767703449564317e-7, -3.0291767735991390924e-8, 9.4799175652045489912e-10, 8.6334116949909561444e-10, 6.8721564259533996777e-11,
        -1.7034898438296249452e-11, -3.3921306868291126146e-12, 2.6158087668542265231e-13, 1.2127675803107101317e-13, -2.1146895432350412132e-15,
        -4.1173409334078174068e-15, -6.3287127219686282243e-17, 1.4393110984335515798e-16, 4.5614947837134033402e-18,
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector SlopeOfOutput<TLanes, TVector>(TVector y)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.All(Real.NaN);

    public TVector Value<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var near = TLanes.Min(TLanes.All((Real)Far), TLanes.Max(TLanes.All((Real)(-Far)), x));
        var distribution = Distribution<TLanes, TVector>(near, out _);
        return TLanes.Select(TLanes.Less(TLanes.All((Real)Far), x), x, TLanes.Multiply(near, distribution));
    }

    public TVector Slope<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var near = TLanes.Min(TLanes.All((Real)Far), TLanes.Max(TLanes.All((Real)(-Far)), x));
        var distribution = Distribution<TLanes, TVector>(near, out var bell);
        var density = TLanes.Multiply(bell, TLanes.All((Real)0.39894228040143267794));
        return TLanes.MultiplyAdd(near, density, distribution);
    }

    /// <summary>Φ(x), and e^{−x²/2}.</summary>
    private static TVector Distribution<TLanes, TVector>(TVector x, out TVector bell)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var one = TLanes.All(1);
        bell = VectorMath.Exp<TLanes, TVector>(TLanes.Multiply(TLanes.Multiply(x, TLanes.All((Real)(-0.5))), x));
        var z = TLanes.Multiply(TLanes.Abs(x), TLanes.All((Real)0.70710678118654752440));
        var t = TLanes.Divide(TLanes.All(4), TLanes.Add(TLanes.All(4), z));
        var u = TLanes.Subtract(TLanes.Add(t, t), one);
        var twice = TLanes.Add(u, u);
        TVector next = default, after = default;
        for (int k = (sizeof(Real) == 4 ? 12 : Series.Length) - 1; k > 0; k--)
        {
            var current = TLanes.MultiplyAdd(twice, next, TLanes.Subtract(TLanes.All((Real)Series[k]), after));
            (next, after) = (current, next);
        }
        var series = TLanes.MultiplyAdd(u, next, TLanes.Subtract(TLanes.All((Real)Series[0]), after));
        var tail = TLanes.Multiply(TLanes.Multiply(TLanes.All((Real)0.5), bell), TLanes.Multiply(t, series));
        return TLanes.Select(TLanes.Less(default, x), TLanes.Subtract(one, tail), tail);
    }
}
