using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Element-wise operations. The result may be one of the operands: the same view, not an overlapping one.</summary>
internal static unsafe partial class Elementwise
{
    /// <summary>Scalar operations that an exponential counts for when rows are shared out.</summary>
    private const int ExponentialCost = 8, NormalCost = 24;
    private const int NarrowColumns = 64;

    /// <summary>H = σ(Z).</summary>
    public static void Forward(Activation σ, Matrix Z, Matrix H)
    {
        switch (σ.Kind)
        {
            case ActivationKind.Identity:
                if (Z != H) Z.CopyTo(H);
                break;
            case ActivationKind.Relu: Map.Entries(Z, Z, new ValueOf<ReluFunction>(default), H); break;
            case ActivationKind.LeakyRelu: Map.Entries(Z, Z, new ValueOf<LeakyReluFunction>(new((Real)σ.Parameter)), H); break;
            case ActivationKind.Elu: Map.Entries(Z, Z, new ValueOf<EluFunction>(new((Real)σ.Parameter)), H, ExponentialCost); break;
            case ActivationKind.Tanh: Map.Entries(Z, Z, new ValueOf<TanhFunction>(default), H, ExponentialCost); break;
            case ActivationKind.Logistic: Map.Entries(Z, Z, new ValueOf<LogisticFunction>(default), H, ExponentialCost); break;
            case ActivationKind.Gelu: Map.Entries(Z, Z, new ValueOf<GeluFunction>(default), H, NormalCost); break;
            default: throw new ArgumentOutOfRangeException(nameof(σ), σ.Kind, "no such activation");
        }
    }

    /// <summary>H = σ(Z + 1 b) in one pass; b [1, C], or missing; H may be Z.</summary>
    public static void Forward(Activation σ, Matrix Z, Matrix b, Matrix H)
    {
        var job = new ForwardJob(σ, Z, b, H);
        bool exponential = σ.Kind is ActivationKind.Elu or ActivationKind.Tanh or ActivationKind.Logistic or ActivationKind.Gelu;
        RowParallel.For(Z.Rows, Z.Count * (exponential ? ExponentialCost : 1), ref job);
    }

    /// <summary>dZ = dH ⊙ σ'(Z).</summary>
    public static void Backward(Activation σ, Matrix Z, Matrix dH, Matrix dZ)
    {
        switch (σ.Kind)
        {
            case ActivationKind.Identity:
                if (dH != dZ) dH.CopyTo(dZ);
                break;
            case ActivationKind.Relu: Map.Entries(Z, dH, new TimesSlopeOf<ReluFunction>(default), dZ); break;
            case ActivationKind.LeakyRelu: Map.Entries(Z, dH, new TimesSlopeOf<LeakyReluFunction>(new((Real)σ.Parameter)), dZ); break;
            case ActivationKind.Elu: Map.Entries(Z, dH, new TimesSlopeOf<EluFunction>(new((Real)σ.Parameter)), dZ, ExponentialCost); break;
            case ActivationKind.Tanh: Map.Entries(Z, dH, new TimesSlopeOf<TanhFunction>(default), dZ, ExponentialCost); break;
            case ActivationKind.Logistic: Map.Entries(Z, dH, new TimesSlopeOf<LogisticFunction>(default), dZ, ExponentialCost); break;
            case ActivationKind.Gelu: Map.Entries(Z, dH, new TimesSlopeOf<GeluFunction>(default), dZ, NormalCost); break;
            default: throw new ArgumentOutOfRangeException(nameof(σ), σ.Kind, "no such activation");
        }
    }

    /// <summary>D = σ'(Z).</summary>
    public static void Derivative(Activation σ, Matrix Z, Matrix D)
    {
        switch (σ.Kind)
        {
            case ActivationKind.Identity: Map.Entries(Z, Z, new SlopeOf<IdentityFunction>(default), D); break;
            case ActivationKind.Relu: Map.Entries(Z, Z, new SlopeOf<ReluFunction>(default), D); break;
            case ActivationKind.LeakyRelu: Map.Entries(Z, Z, new SlopeOf<LeakyReluFunction>(new((Real)σ.Parameter)), D); break;
            case ActivationKind.Elu: Map.Entries(Z, Z, new SlopeOf<EluFunction>(new((Real)σ.Parameter)), D, ExponentialCost); break;
            case ActivationKind.Tanh: Map.Entries(Z, Z, new SlopeOf<TanhFunction>(default), D, ExponentialCost); break;
            case ActivationKind.Logistic: Map.Entries(Z, Z, new SlopeOf<LogisticFunction>(default), D, ExponentialCost); break;
            case ActivationKind.Gelu: Map.Entries(Z, Z, new SlopeOf<GeluFunction>(default), D, NormalCost); break;
            default: throw new ArgumentOutOfRangeException(nameof(σ), σ.Kind, "no such activation");
        }
    }

    /// <summary>result = Z + 1 b; b [1, C].</summary>
    public static void AddBias(Matrix Z, Matrix b, Matrix result)
    {
        long together = Z.IsContiguous && result.IsContiguous && b.Columns < NarrowColumns ? Z.Rows / NarrowColumns : 0, whole = together * NarrowColumns;
        if (together > 0)
        {
            // Narrow rows are too short for vectors: 64 of them make one long row, whose bias is b 64 times.
            long width = NarrowColumns * Z.Columns;
            var repeated = new Matrix(Scratch.Take(ScratchUse.Sums, width), 1, width, width, null);
            for (long r = 0; r < NarrowColumns; r++) b.CopyTo(repeated.ColumnRange(r * b.Columns, b.Columns));
            Map.WithRow(Z.Top(whole).Reshape(together, width), repeated, default(Sum), result.Top(whole).Reshape(together, width));
        }
        if (whole < Z.Rows) Map.WithRow(Z.RowRange(whole, Z.Rows - whole), b, default(Sum), result.RowRange(whole, Z.Rows - whole));
    }

    /// <summary>result = A + B.</summary>
    public static void Add(Matrix A, Matrix B, Matrix result) => Map.Entries(A, B, default(Sum), result);

    /// <summary>result = max(A, B); A where they are equal.</summary>
    public static void Max(Matrix A, Matrix B, Matrix result) => Map.Entries(A, B, default(Larger), result);

    /// <summary>result = A where B is not below 0, else 0; with B = J − max over all J what a maximum gives back to J.</summary>
    public static void WhereNotNegative(Matrix A, Matrix B, Matrix result) => Map.Entries(A, B, default(Reached), result);

    /// <summary>result = A − B.</summary>
    public static void Subtract(Matrix A, Matrix B, Matrix result) => Map.Entries(A, B, default(Difference), result);

    /// <summary>result = A + scale · B.</summary>
    public static void AddScaled(Matrix A, double scale, Matrix B, Matrix result) => Map.Entries(A, B, new ScaledSum((Real)scale), result);

    /// <summary>result = s · A.</summary>
    public static void Scale(Matrix A, double s, Matrix result) => Map.Entries(A, A, new Multiple((Real)s), result);

    /// <summary>result = A ⊙ B.</summary>
    public static void Multiply(Matrix A, Matrix B, Matrix result) => Map.Entries(A, B, default(Product), result);

    /// <summary>result = diag(scale) · A; scale [n, 1].</summary>
    public static void ScaleRows(Matrix A, Matrix scale, Matrix result) => Map.WithColumn(A, scale, default(RowMultiple), result);

    private readonly struct ForwardJob(Activation σ, Matrix Z, Matrix b, Matrix H) : IRowJob
    {
        public void Run(long first, long last) =>
            ActivationPass.Forward(σ, b.Data, Z.Data + first * Z.Stride, Z.Stride, last - first, Z.Columns, H.Data + first * H.Stride, H.Stride);
    }

    private readonly struct ValueOf<T>(T σ) : IEntryOperator
        where T : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => σ.Value<TLanes, TVector>(a);
    }

    private readonly struct SlopeOf<T>(T σ) : IEntryOperator
        where T : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => σ.Slope<TLanes, TVector>(a);
    }

    private readonly struct TimesSlopeOf<T>(T σ) : IEntryOperator
        where T : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(b, σ.Slope<TLanes, TVector>(a));
    }

    private readonly struct Sum : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Add(a, b);
    }

    private readonly struct Difference : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Subtract(a, b);
    }

    private readonly struct Larger : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Select(TLanes.Less(a, b), b, a);
    }

    private readonly struct Reached : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Select(TLanes.AtMost(default, b), a, default);
    }

    private readonly struct Product : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(a, b);
    }

    private readonly struct ScaledSum(Real scale) : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.MultiplyAdd(TLanes.All(scale), b, a);
    }

    private readonly struct Multiple(Real scale) : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(TLanes.All(scale), a);
    }

    private readonly struct RowMultiple : IEntryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(ofRow, a);
    }
}
