using System.Diagnostics;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Normalisation of rows: each has its own mean and deviation over the columns.</summary>
internal static unsafe partial class Normalize
{
    /// <summary>μ_i and 1/√(σ²_i + ε) of each row, and Z = (X − μ) / √(σ² + ε) ⊙ γ + β; a row is read three times while it is in the first cache.</summary>
    /// <param name="X">[n, D]</param>
    /// <param name="epsilon">ε</param>
    /// <param name="gamma">γ, [1, D]; missing for 1.</param>
    /// <param name="beta">β, [1, D]; missing for 0.</param>
    /// <param name="mean">Receives μ, [n, 1].</param>
    /// <param name="inverse">Receives 1/√(σ² + ε), [n, 1].</param>
    /// <param name="Z">[n, D]</param>
    public static void Rows(Matrix X, double epsilon, Matrix gamma, Matrix beta, Matrix mean, Matrix inverse, Matrix Z)
    {
        Debug.Assert(mean.Rows == X.Rows && inverse.Rows == X.Rows && Z.Rows == X.Rows && Z.Columns == X.Columns);
        var job = new RowNormJob { X = X, Epsilon = epsilon, Gamma = gamma.Data, Beta = beta.Data, Mean = mean, Inverse = inverse, Z = Z };
        RowParallel.For(X.Rows, 4 * X.Count, ref job);
        gamma.KeepAlive();
        beta.KeepAlive();
    }

    /// <summary>
    /// With X̂ = (X − μ)·r and dX̂ = dZ ⊙ γ: dX = r·(dX̂ − mean(dX̂) − X̂·mean(dX̂ ⊙ X̂)), dγ = Σ_i dZ_i ⊙ X̂_i, dβ = Σ_i dZ_i, in one pass.
    /// </summary>
    /// <param name="dZ">[n, D]</param>
    /// <param name="X">[n, D]</param>
    /// <param name="gamma">γ, [1, D]</param>
    /// <param name="mean">μ, [n, 1]</param>
    /// <param name="inverse">r = 1/√(σ² + ε), [n, 1]</param>
    /// <param name="dX">[n, D]; it may be dZ; missing if nobody wants it.</param>
    /// <param name="dGamma">[1, D]</param>
    /// <param name="dBeta">[1, D]</param>
    public static void RowsAdjoint(Matrix dZ, Matrix X, Matrix gamma, Matrix mean, Matrix inverse, Matrix dX, Matrix dGamma, Matrix dBeta)
    {
        Debug.Assert(dZ.Rows == X.Rows && dZ.Columns == X.Columns && dGamma.Columns == X.Columns && dBeta.Columns == X.Columns);
        if (X.Columns == 0) return;
        long leaves = (X.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, width = ColumnTree.PaddedWidth(X.Columns);
        Real* partials = Scratch.Take(ScratchUse.Sums, 2 * leaves * width);
        var job = new RowAdjointJob { dZ = dZ, X = X, Gamma = gamma.Data, Mean = mean, Inverse = inverse, dX = dX, dGamma = partials, dBeta = partials + leaves * width, Width = width };
        RowParallel.For(leaves, 8 * X.Count, ref job);
        ColumnTree.Combine(partials, leaves, width, dGamma, accumulate: false);
        ColumnTree.Combine(partials + leaves * width, leaves, width, dBeta, accumulate: false);
        gamma.KeepAlive();
    }

    /// <summary>The first <paramref name="left"/> lanes of v, zero in the others.</summary>
    private static TVector Only<TLanes, TVector>(TVector v, long left)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => left >= TLanes.Count ? v : TLanes.Select(TLanes.First((int)left), v, default);

    private static void Put<TLanes, TVector>(TVector v, Real* target, long left)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (left >= TLanes.Count) TLanes.Store(v, target);
        else StorePart(v, target, left);
    }

    private struct RowNormJob : IRowJob
    {
        public Matrix X, Mean, Inverse, Z;
        public Real* Gamma, Beta;
        public double Epsilon;

        public readonly void Run(long first, long last)
        {
            if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Run<Lanes512, Vector512<Real>>(first, last);
            else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Run<Lanes256, Vector256<Real>>(first, last);
            else Run<Lanes128, Vector128<Real>>(first, last);
        }

        private readonly void Run<TLanes, TVector>(long first, long last)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            long columns = X.Columns, w = TLanes.Count;
            Real share = (Real)(1.0 / columns);
            for (long i = first; i < last; i++)
            {
                Real* x = X.Data + i * X.Stride, z = Z.Data + i * Z.Stride;
                TVector sums = default, squares = default;
                for (long j = 0; j < columns; j += w) sums = TLanes.Add(sums, Only<TLanes, TVector>(TLanes.Load(x + j), columns - j));
                Real mean = TLanes.Sum(sums) * share;
                var m = TLanes.All(mean);
                for (long j = 0; j < columns; j += w)
                {
                    var u = Only<TLanes, TVector>(TLanes.Subtract(TLanes.Load(x + j), m), columns - j);
                    squares = TLanes.MultiplyAdd(u, u, squares);
                }
                Real inverse = (Real)(1 / Math.Sqrt(TLanes.Sum(squares) * (double)share + Epsilon));
                var r = TLanes.All(inverse);
                for (long j = 0; j < columns; j += w)
                {
                    var normal = TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + j), m), r);
                    if (Gamma != null) normal = TLanes.MultiplyAdd(normal, TLanes.Load(Gamma + j), TLanes.Load(Beta + j));
                    Put<TLanes, TVector>(normal, z + j, columns - j);
                }
                Mean.Data[i * Mean.Stride] = mean;
                Inverse.Data[i * Inverse.Stride] = inverse;
            }
        }
    }

    private struct RowAdjointJob : IRowJob
    {
        public Matrix dZ, X, Mean, Inverse, dX;
        public Real* Gamma, dGamma, dBeta;
        public long Width;

        public readonly void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Leaf<Lanes512, Vector512<Real>>(leaf);
                else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Leaf<Lanes256, Vector256<Real>>(leaf);
                else Leaf<Lanes128, Vector128<Real>>(leaf);
            }
        }

        private readonly void Leaf<TLanes, TVector>(long leaf)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            Real* gammaSums = dGamma + leaf * Width, betaSums = dBeta + leaf * Width;
            RowVector.Clear(gammaSums, Width);
            RowVector.Clear(betaSums, Width);
            long columns = X.Columns, w = TLanes.Count, top = leaf * RowVector.RowsPerLeaf, bottom = Math.Min(top + RowVector.RowsPerLeaf, X.Rows);
            Real share = (Real)(1.0 / columns);
            for (long i = top; i < bottom; i++)
            {
                Real* x = X.Data + i * X.Stride, dz = dZ.Data + i * dZ.Stride;
                var m = TLanes.All(Mean.Data[i * Mean.Stride]);
                var r = TLanes.All(Inverse.Data[i * Inverse.Stride]);
                TVector ones = default, normals = default;
                for (long j = 0; j < columns; j += w)
                {
                    var upstream = Only<TLanes, TVector>(TLanes.Load(dz + j), columns - j);
                    var normal = Only<TLanes, TVector>(TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + j), m), r), columns - j);
                    var product = TLanes.Multiply(upstream, normal);
                    TLanes.Store(TLanes.Add(TLanes.Load(gammaSums + j), product), gammaSums + j);
                    TLanes.Store(TLanes.Add(TLanes.Load(betaSums + j), upstream), betaSums + j);
                    var gamma = Only<TLanes, TVector>(TLanes.Load(Gamma + j), columns - j);
                    ones = TLanes.MultiplyAdd(upstream, gamma, ones);
                    normals = TLanes.MultiplyAdd(product, gamma, normals);
                }
                if (dX.IsMissing) continue;
                var (p, q) = (TLanes.All(TLanes.Sum(ones) * share), TLanes.All(TLanes.Sum(normals) * share));
                Real* result = dX.Data + i * dX.Stride;
                for (long j = 0; j < columns; j += w)
                {
                    var normal = TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + j), m), r);
                    var d = TLanes.Subtract(TLanes.Multiply(TLanes.Load(dz + j), TLanes.Load(Gamma + j)), TLanes.MultiplyAdd(normal, q, p));
                    Put<TLanes, TVector>(TLanes.Multiply(r, d), result + j, columns - j);
                }
            }
        }
    }
}
