using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// What surrounds an activation, in one pass over some rows: the bias before it; the slope times the gradient, with the sums of
/// columns that are the bias's gradient. The dense products call it on rows that are still in the first cache.
/// </summary>
/// <remarks>Reads up to a vector past the last column (<see cref="AlignedMemory"/>) and writes nothing there.</remarks>
internal static unsafe class ActivationPass
{
    /// <summary>H = σ(Z + 1 b) for some rows; b may be null, H may be Z.</summary>
    /// <param name="σ">σ</param>
    /// <param name="b">b, or null.</param>
    /// <param name="Z">The first row of Z.</param>
    /// <param name="zStride">Entries from a row to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">Columns of both.</param>
    /// <param name="H">The first row of H.</param>
    /// <param name="hStride">Entries from a row to the next.</param>
    /// <param name="past">True to write H past the caches: its rows are whole, aligned vectors and nobody reads it soon.</param>
    public static void Forward(Activation σ, Real* b, Real* Z, long zStride, long rows, long columns, Real* H, long hStride, bool past = false)
    {
        var job = new ForwardRows { Bias = b, Z = Z, ZStride = zStride, Rows = rows, Columns = columns, H = H, HStride = hStride, Past = past };
        With(σ, ref job);
    }

    /// <summary>dZ = dH ⊙ σ' for some rows, and their column sums added to <paramref name="sums"/>, which has room for whole vectors. dZ may be null.</summary>
    public static void Adjoint(in ActivationAdjoint of, long firstRow, long rows, Real* dZ, long stride, Real* sums)
    {
        var job = new AdjointRows
        {
            FromOutput = of.FromOutput,
            S = of.S.Data + firstRow * of.S.Stride,
            SStride = of.S.Stride,
            dH = of.dH.Data + firstRow * of.dH.Stride,
            dHStride = of.dH.Stride,
            Rows = rows,
            Columns = of.dH.Columns,
            dZ = dZ,
            dZStride = stride,
            Sums = sums,
        };
        With(of.σ, ref job);
    }

    private static void With<TJob>(Activation σ, ref TJob job)
        where TJob : struct, IPass
    {
        switch (σ.Kind)
        {
            case ActivationKind.Identity: Width(default(IdentityFunction), ref job); break;
            case ActivationKind.Relu: Width(default(ReluFunction), ref job); break;
            case ActivationKind.LeakyRelu: Width(new LeakyReluFunction((Real)σ.Parameter), ref job); break;
            case ActivationKind.Elu: Width(new EluFunction((Real)σ.Parameter), ref job); break;
            case ActivationKind.Tanh: Width(default(TanhFunction), ref job); break;
            case ActivationKind.Logistic: Width(default(LogisticFunction), ref job); break;
            case ActivationKind.Gelu: Width(default(GeluFunction), ref job); break;
            default: throw new ArgumentOutOfRangeException(nameof(σ), σ.Kind, "no such activation");
        }
    }

    private static void Width<TJob, T>(T σ, ref TJob job)
        where TJob : struct, IPass
        where T : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated && job.Width > Vector256<Real>.Count) job.Run<T, Lanes512, Vector512<Real>>(σ);
        else if (Vector256.IsHardwareAccelerated && job.Width > Vector128<Real>.Count) job.Run<T, Lanes256, Vector256<Real>>(σ);
        else job.Run<T, Lanes128, Vector128<Real>>(σ);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(TVector v, Real* target, long left)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (left >= TLanes.Count) TLanes.Store(v, target);
        else StorePart<TLanes, TVector>(v, target, left);
    }

    // A method of its own: a vector whose address is taken would not stay in a register.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<TLanes, TVector>(TVector v, Real* target, long left)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => Unsafe.CopyBlockUnaligned(target, &v, (uint)(left * sizeof(Real)));

    private interface IPass
    {
        long Width { get; }

        void Run<T, TLanes, TVector>(T σ)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged;
    }

    private struct ForwardRows : IPass
    {
        public Real* Bias, Z, H;
        public long ZStride, HStride, Rows, Columns;
        public bool Past;

        public readonly long Width => Columns;

        public readonly void Run<T, TLanes, TVector>(T σ)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            int w = TLanes.Count;
            for (long i = 0; i < Rows; i++)
            {
                Real* z = Z + i * ZStride, h = H + i * HStride;
                for (long j = 0; j < Columns; j += w)
                {
                    var x = TLanes.Load(z + j);
                    if (Bias != null) x = TLanes.Add(x, TLanes.Load(Bias + j));
                    x = σ.Value<TLanes, TVector>(x);
                    if (Past) TLanes.StorePast(x, h + j);
                    else Store<TLanes, TVector>(x, h + j, Columns - j);
                }
            }
        }
    }

    private struct AdjointRows : IPass
    {
        public bool FromOutput;
        public Real* S, dH, dZ, Sums;
        public long SStride, dHStride, dZStride, Rows, Columns;

        public readonly long Width => Columns;

        public readonly void Run<T, TLanes, TVector>(T σ)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            if (FromOutput) Run<T, TLanes, TVector, OfOutput>(σ);
            else Run<T, TLanes, TVector, OfArgument>(σ);
        }

        private readonly void Run<T, TLanes, TVector, TSlope>(T σ)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
            where TSlope : struct, ISlope
        {
            int w = TLanes.Count;
            for (long i = 0; i < Rows; i++)
            {
                Real* s = S + i * SStride, dh = dH + i * dHStride, dz = dZ + i * dZStride;
                for (long j = 0; j < Columns; j += w)
                {
                    var d = TLanes.Multiply(TLanes.Load(dh + j), TSlope.Of<T, TLanes, TVector>(σ, TLanes.Load(s + j)));
                    if (dZ != null) Store<TLanes, TVector>(d, dz + j, Columns - j);
                    TLanes.Store(TLanes.Add(TLanes.Load(Sums + j), d), Sums + j);
                }
            }
        }
    }

    private interface ISlope
    {
        static abstract TVector Of<T, TLanes, TVector>(T σ, TVector s)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged;
    }

    private readonly struct OfOutput : ISlope
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<T, TLanes, TVector>(T σ, TVector s)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => σ.SlopeOfOutput<TLanes, TVector>(s);
    }

    private readonly struct OfArgument : ISlope
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<T, TLanes, TVector>(T σ, TVector s)
            where T : struct, IActivation
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => σ.Slope<TLanes, TVector>(s);
    }
}

/// <summary>dZ = dH ⊙ σ′, not yet formed: a kernel that reads dZ once forms it row by row on the way.</summary>
/// <param name="σ">The activation.</param>
/// <param name="S">What σ′ is taken from: σ's argument, or its value. [n, C]</param>
/// <param name="FromOutput">True if <paramref name="S"/> is σ's value.</param>
/// <param name="dH">The gradient at σ's value, [n, C].</param>
internal readonly record struct ActivationAdjoint(Activation σ, Matrix S, bool FromOutput, Matrix dH)
{
    /// <summary>The same for rows first … first + rows − 1.</summary>
    public ActivationAdjoint Range(long first, long rows) => this with { S = S.RowRange(first, rows), dH = dH.RowRange(first, rows) };
}
