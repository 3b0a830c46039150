using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>An update of one entry or of a vector of entries: the weight w, its gradient g, up to two moments.</summary>
/// <remarks>Inlined: a call would pass every vector through memory, and takes seven times as long.</remarks>
internal interface IUpdate
{
    Vector512<Real> Next(Vector512<Real> w, Vector512<Real> g, ref Vector512<Real> m, ref Vector512<Real> v);
}

/// <summary>One pass over a parameter, its gradient and its moments, in parallel; and sums of squares.</summary>
internal static unsafe class TensorPass
{
    /// <summary>Entries of a leaf of a sum; passes are cut at multiples of it, so where vectors end does not depend on threads.</summary>
    private const long Leaf = 4096;

    [ThreadStatic]
    private static double[]? partials;

    /// <summary>w ← update(w, g, m, v). The moments may be missing.</summary>
    public static void Run<TUpdate>(Matrix w, Matrix g, Matrix m, Matrix v, TUpdate update)
        where TUpdate : struct, IUpdate
    {
        var job = new Job<TUpdate> { W = w, G = g, M = m, V = v, Update = update };
        RowParallel.For(w.Count, 4 * w.Count, ref job, Leaf);
    }

    /// <summary>x ← s·x</summary>
    public static void Scale(Matrix x, double s) => Run(x, x, default, default, new Scaling { By = Vector512.Create((Real)s) });

    /// <summary>‖x‖², in double, in leaves combined in a dyadic tree.</summary>
    public static double SumOfSquares(Matrix x)
    {
        int leaves = (int)((x.Count + Leaf - 1) / Leaf);
        if (partials is null || partials.Length < leaves) partials = new double[Math.Max(64, leaves)];
        var job = new SquareJob { X = x, Partials = partials };
        RowParallel.For(x.Count, x.Count, ref job, Leaf);
        return Tree(partials.AsSpan(0, leaves));
    }

    private static double Tree(ReadOnlySpan<double> leaves)
    {
        if (leaves.Length <= 1) return leaves.Length == 0 ? 0 : leaves[0];
        int left = 1 << (int)long.Log2(leaves.Length - 1);
        return Tree(leaves[..left]) + Tree(leaves[left..]);
    }

    private struct Scaling : IUpdate
    {
        public Vector512<Real> By;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector512<Real> Next(Vector512<Real> w, Vector512<Real> g, ref Vector512<Real> m, ref Vector512<Real> v) => w * By;
    }

    private struct Job<TUpdate> : IRowJob
        where TUpdate : struct, IUpdate
    {
        public Matrix W, G, M, V;
        public TUpdate Update;

        public void Run(long first, long last)
        {
            Real* w = W.Data, g = G.Data, m = M.Data, v = V.Data;
            bool hasM = m != null, hasV = v != null;
            long p = first;
            Vector512<Real> mean = default, square = default;
            for (; p <= last - Vector512<Real>.Count; p += Vector512<Real>.Count)
            {
                if (hasM) mean = Vector512.Load(m + p);
                if (hasV) square = Vector512.Load(v + p);
                Update.Next(Vector512.Load(w + p), Vector512.Load(g + p), ref mean, ref square).Store(w + p);
                if (hasM) mean.Store(m + p);
                if (hasV) square.Store(v + p);
            }
            if (p < last) End(w + p, g + p, hasM ? m + p : null, hasV ? v + p : null, last - p);
        }

        /// <summary>The last entries, fewer than a vector: through a padded one, so that there is one formula.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void End(Real* w, Real* g, Real* m, Real* v, long count)
        {
            Vector512<Real> mean = Read(m, count), square = Read(v, count);
            Write(Update.Next(Read(w, count), Read(g, count), ref mean, ref square), w, count);
            Write(mean, m, count);
            Write(square, v, count);
        }

        private static Vector512<Real> Read(Real* x, long count)
        {
            Vector512<Real> padded = default;
            if (x != null) new Span<Real>(x, (int)count).CopyTo(new Span<Real>(&padded, Vector512<Real>.Count));
            return padded;
        }

        private static void Write(Vector512<Real> padded, Real* x, long count)
        {
            if (x != null) new Span<Real>(&padded, (int)count).CopyTo(new Span<Real>(x, (int)count));
        }
    }

    private struct SquareJob : IRowJob
    {
        public Matrix X;
        public double[] Partials;

        public readonly void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf += Leaf)
            {
                double sum = 0;
                Real* x = X.Data;
                for (long p = leaf; p < Math.Min(leaf + Leaf, last); p++) sum += (double)x[p] * x[p];
                Partials[leaf / Leaf] = sum;
            }
        }
    }
}
