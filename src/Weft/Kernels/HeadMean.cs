using Weft.Memory;

namespace Weft.Kernels;

/// <summary>The mean over heads that an output layer ends with, and its adjoint.</summary>
internal static unsafe class HeadMean
{
    /// <summary>Zbar = (1/K) Σ_k Z^k; zero without heads.</summary>
    /// <param name="Zk">[N, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="Zbar">[N, d]</param>
    public static void Multiply(Matrix Zk, int heads, Matrix Zbar)
    {
        var job = new Forward { Zk = Zk, Heads = heads, Zbar = Zbar };
        RowParallel.For(Zk.Rows, Zk.Count, ref job);
    }

    /// <summary>dZ^k = dZbar / K for every head.</summary>
    public static void Adjoint(Matrix dZbar, int heads, Matrix dZk)
    {
        var job = new Backward { dZbar = dZbar, Heads = heads, dZk = dZk };
        RowParallel.For(dZk.Rows, dZk.Count, ref job);
    }

    private struct Forward : IRowJob
    {
        public Matrix Zk, Zbar;
        public int Heads;

        public readonly void Run(long first, long last)
        {
            long width = Zbar.Columns;
            for (long i = first; i < last; i++)
            {
                Real* z = Zk.Data + i * Zk.Stride;
                for (long c = 0; c < width; c++)
                {
                    Real sum = 0;
                    for (int k = 0; k < Heads; k++) sum += z[k * width + c];
                    Zbar.Data[i * Zbar.Stride + c] = Heads == 0 ? 0 : sum / Heads;
                }
            }
        }
    }

    private struct Backward : IRowJob
    {
        public Matrix dZbar, dZk;
        public int Heads;

        public readonly void Run(long first, long last)
        {
            long width = dZbar.Columns;
            for (long i = first; i < last; i++)
                for (int k = 0; k < Heads; k++)
                    for (long c = 0; c < width; c++)
                        dZk.Data[i * dZk.Stride + k * width + c] = dZbar.Data[i * dZbar.Stride + c] / Heads;
        }
    }
}
