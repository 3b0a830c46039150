using Weft.Graphs;

namespace Weft.Kernels;

internal static unsafe partial class CounterRandom
{
    /// <summary>
    /// Chooses edges to keep: edge e with probability 1 − rate, by its number alone, and always where it leads from its row's own node.
    /// </summary>
    /// <param name="A">The edges by row.</param>
    /// <param name="ids">Number of each edge in the edge list; [E].</param>
    /// <param name="loopColumn">Column of each row's own node, or −1; [A.Rows].</param>
    /// <param name="rate">Probability that an edge is left out.</param>
    /// <param name="key">Key of the random numbers.</param>
    /// <param name="keep">Receives the choice; [E].</param>
    public static void KeepEdges(EdgeView A, int[] ids, int[] loopColumn, double rate, RandomKey key, bool[] keep)
    {
        var job = new KeepJob { A = A, Ids = ids, LoopColumn = loopColumn, Threshold = Threshold(rate), Key = key, Keep = keep };
        RowParallel.For(A.Rows, A.Count * WordCost, ref job);
    }

    private struct KeepJob : IRowJob
    {
        public EdgeView A;
        public int[] Ids, LoopColumn;
        public uint Threshold;
        public RandomKey Key;
        public bool[] Keep;

        public readonly void Run(long first, long last)
        {
            uint* id = stackalloc uint[Batch], block = stackalloc uint[Batch], words = stackalloc uint[4 * Batch];
            new Span<uint>(block, Batch).Clear();
            long start = A.Pointers[first], end = A.Pointers[last];
            for (long q = start; q < end; q += Batch)
            {
                int here = (int)Math.Min(Batch, end - q);
                for (int t = 0; t < Batch; t++) id[t] = (uint)Ids[q + Math.Min(t, here - 1)];
                Words(Key, id, block, words);
                for (int t = 0; t < here; t++) Keep[q + t] = words[4 * t] >= Threshold;
            }
            for (long i = first; i < last; i++)
                for (long q = A.Pointers[i]; q < A.Pointers[i + 1]; q++)
                    if (A.Index[q] == LoopColumn[i]) Keep[q] = true;
        }
    }
}
