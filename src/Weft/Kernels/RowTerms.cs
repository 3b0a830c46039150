using Weft.Memory;

namespace Weft.Kernels;

/// <summary>What the adjoint of attention needs to know about a destination: m, 1/s and r = ⟨dZ, Z⟩, side by side for each head.</summary>
internal static unsafe class RowTerms
{
    /// <summary>Columns a head; one is not used, so that the terms of a head never lie on two cache lines.</summary>
    public const int Count = 4;

    /// <summary>Columns a head that are used, the first ones.</summary>
    public const int Used = 3;

    /// <summary>Column of m.</summary>
    public const int Largest = 0;

    /// <summary>Column of 1/s; 0 for a row without edges.</summary>
    public const int InverseSum = 1;

    /// <summary>Column of r.</summary>
    public const int Dot = 2;

    /// <summary>terms = (m, 1/s, ⟨dZ^k, Z^k⟩) for each head k.</summary>
    /// <param name="Z">[n, K·d]</param>
    /// <param name="dZ">[n, K·d]</param>
    /// <param name="state">m and s of each head, [n, K·2]</param>
    /// <param name="heads">K</param>
    /// <param name="terms">[n, K·4]</param>
    public static void Fill(Matrix Z, Matrix dZ, Matrix state, int heads, Matrix terms)
    {
        var job = new FillJob { Z = Z, dZ = dZ, State = state, Heads = heads, Terms = terms };
        RowParallel.For(Z.Rows, Z.Count, ref job);
    }

    /// <summary>Terms as processes send them, [n, K·3] → [n, K·4].</summary>
    public static void Spread(Matrix dense, Matrix terms)
    {
        long heads = terms.Columns / Count;
        for (long i = 0; i < terms.Rows; i++)
        {
            Real* from = dense.Data + i * dense.Stride, to = terms.Data + i * terms.Stride;
            for (long k = 0; k < heads; k++, from += Used, to += Count)
                (to[Largest], to[InverseSum], to[Dot], to[3]) = (from[Largest], from[InverseSum], from[Dot], 0);
        }
    }

    private struct FillJob : IRowJob
    {
        public Matrix Z, dZ, State, Terms;
        public int Heads;

        public readonly void Run(long first, long last)
        {
            long d = Z.Columns / Heads;
            for (long i = first; i < last; i++)
                for (int k = 0; k < Heads; k++)
                {
                    Real* terms = Terms.Data + i * Terms.Stride + Count * k, state = State.Data + i * State.Stride + 2 * k;
                    terms[Largest] = state[0];
                    terms[InverseSum] = state[1] == 0 ? 0 : 1 / state[1];
                    terms[Dot] = RowVector.Dot(dZ.Data + i * dZ.Stride + k * d, Z.Data + i * Z.Stride + k * d, d);
                    terms[3] = 0;
                }
        }
    }
}
