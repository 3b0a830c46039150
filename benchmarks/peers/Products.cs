using System.Diagnostics;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Peers;

/// <summary>Dense products at the shapes of a layer, against OpenBLAS.</summary>
internal static unsafe class Products
{
    public static void Run(Contest contest, int nodes, Options options)
    {
        // Its kernels for 512-bit vectors are not chosen by themselves on every processor that has them.
        if (System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated && Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE") is null)
            Console.Error.WriteLine("OPENBLAS_CORETYPE is not set: OpenBLAS chooses its kernels itself");
        if (OpenBlas.TryLoad() is not { } peer)
        {
            Console.Error.WriteLine("OpenBLAS: skipped, no library of it is installed");
            return;
        }
        foreach (int threads in options.ThreadCounts)
        {
            foreach (var (m, k, n) in new[] { (nodes, 128, 256), (nodes, 256, 256), (nodes, 256, 40), (2048, 2048, 2048) }) Compare(contest, peer, m, n, k, false, threads);
            foreach (var (m, k, n) in new[] { (256, nodes, 256), (128, nodes, 256) }) Compare(contest, peer, m, n, k, true, threads);
        }
    }

    private static void Compare(Contest contest, OpenBlas peer, int m, int n, int k, bool transposed, int threads)
    {
        Matrix A = Numbers(transposed ? k : m, transposed ? m : k), B = Numbers(k, n), C = Numbers(m, n);
        int runs = (int)Math.Max(1, 2e9 / (2.0 * m * n * k));
        contest.Compare($"{(transposed ? "Aᵀ·B" : "A·B")}, {m}×{k}×{n}, {Options.Of(threads)}",
            new Contestant("Weft", () => Time(runs, () =>
            {
                RowParallel.Threads = threads;
                if (transposed) Gemm.MultiplyTransposedLeft(A, B, C);
                else Gemm.Multiply(A, B, C);
            })),
            new Contestant(peer.Name, () => Time(runs, () => peer.Multiply(A.Data, B.Data, C.Data, m, n, k, transposed, threads))));
    }

    /// <summary>Milliseconds of one run.</summary>
    public static double Time(int runs, Action run)
    {
        long start = Stopwatch.GetTimestamp();
        for (int r = 0; r < runs; r++) run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / runs;
    }

    /// <summary>A matrix of numbers in −1 … 1.</summary>
    public static Matrix Numbers(long rows, long columns)
    {
        var matrix = Matrix.Allocate(rows, columns);
        CounterRandom.UniformRange(matrix, -1, 1, new RandomKey(1, 0, (uint)columns));
        return matrix;
    }
}
