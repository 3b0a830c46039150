using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Dense times dense, sampled on the edges: v_e = ⟨P_{dst(e)}, Q_{src(e)}⟩ per head. Adjoint of <see cref="Spmm"/> in the weights.</summary>
internal static unsafe class Sddmm
{
    /// <summary>V_e^k = scale · ⟨P^k_{dst(e)}, Q^k_{src(e)}⟩</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="P">Destination side, [A.Rows, K·d].</param>
    /// <param name="Q">Source side, [A.Columns, K·d].</param>
    /// <param name="scale">A factor of every product.</param>
    /// <param name="V">By value number, [E, K].</param>
    public static void HeadDots(EdgeView A, Matrix P, Matrix Q, Real scale, Matrix V)
    {
        var job = new Job { A = A, P = P, Q = Q, Scale = scale, V = V };
        RowParallel.For(A.Rows, A.Count * P.Columns, ref job);
    }

    private struct Job : IRowJob
    {
        public EdgeView A;
        public Matrix P, Q, V;
        public Real Scale;

        public readonly void Run(long first, long last)
        {
            long heads = V.Columns;
            if (heads == 0) return;
            long width = P.Columns / heads;
            for (long i = first; i < last; i++)
            {
                Real* p = P.Data + i * P.Stride;
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                {
                    Real* q = Q.Data + A.Index[e] * Q.Stride;
                    Real* v = V.Data + A.Value(e) * V.Stride;
                    for (long k = 0; k < heads; k++) v[k] = Scale * RowVector.Dot(p + k * width, q + k * width, width);
                }
            }
        }
    }
}
