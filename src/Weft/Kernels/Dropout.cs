using System.Diagnostics;
using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Dropout, result = B ⊙ H with B = 0 with probability p and 1/(1 − p) otherwise. B is a function of the key, the row's or
/// edge's original id and the column, so the adjoint is the same call on the gradient: dH = B ⊙ dH̃.
/// The result may be the operand.
/// </summary>
internal static unsafe partial class CounterRandom
{
    /// <summary>Scalar operations that a random word counts for when rows are shared out.</summary>
    private const int WordCost = 8;

    /// <summary>Drops entries of node rows; row i of H has the id ids[i].</summary>
    public static void DropRows(Matrix H, ReadOnlySpan<int> ids, double rate, RandomKey key, Matrix result)
    {
        Debug.Assert(ids.Length >= H.Rows && result.Rows == H.Rows && result.Columns == H.Columns);
        fixed (int* id = ids)
        {
            var job = new RowsJob(H, id, new Chance(rate), key, result);
            RowParallel.For(H.Rows, H.Count * WordCost, ref job);
        }
    }

    /// <summary>
    /// Drops stored entries of a sparse matrix exactly as <see cref="DropRows"/> would drop them in the dense one;
    /// row i has the id rowIds[i], values and result are [entries, 1].
    /// </summary>
    public static void DropEntries(EdgeView pattern, Matrix values, ReadOnlySpan<int> rowIds, double rate, RandomKey key, Matrix result)
    {
        Debug.Assert(rowIds.Length >= pattern.Rows && values.Rows == pattern.Count && result.Rows == pattern.Count);
        fixed (int* id = rowIds)
        {
            var job = new EntriesJob(pattern, values, id, new Chance(rate), key, result);
            RowParallel.For(pattern.Rows, pattern.Count * WordCost * 4, ref job);
        }
    }

    /// <summary>
    /// Drops attention coefficients S [E, K]: edge e has the id edgeIds[e], its head h is head firstHead + h of the layer.
    /// </summary>
    public static void DropEdges(Matrix S, ReadOnlySpan<int> edgeIds, int firstHead, double rate, RandomKey key, Matrix result)
    {
        Debug.Assert(edgeIds.Length >= S.Rows && result.Rows == S.Rows && result.Columns == S.Columns);
        fixed (int* id = edgeIds)
        {
            var job = new EdgesJob(S, id, (uint)firstHead, new Chance(rate), key, result);
            RowParallel.For(S.Rows, S.Count * WordCost, ref job);
        }
    }

    /// <summary>Words below it drop an entry.</summary>
    public static uint Threshold(double rate) => (uint)Math.Min(uint.MaxValue, Math.Round(rate * 4294967296.0));

    /// <summary>An entry is kept where its word is at least the threshold: both precisions drop the same entries.</summary>
    private readonly struct Chance(double rate)
    {
        public readonly uint Threshold = CounterRandom.Threshold(rate);
        public readonly Real Scale = (Real)(1 / (1 - rate));
    }

    private readonly struct RowsJob(Matrix H, int* ids, Chance chance, RandomKey key, Matrix result) : IRowJob
    {
        public void Run(long first, long last)
        {
            uint* id = stackalloc uint[Batch], block = stackalloc uint[Batch], words = stackalloc uint[4 * Batch];
            int perRow = (int)((H.Columns + 3) / 4);
            if (perRow == 0) return;
            if (perRow <= Batch)
            {
                // Several narrow rows to a batch.
                int rows = Batch / perRow;
                for (int t = 0; t < Batch; t++) block[t] = (uint)(t % perRow);
                for (long i = first; i < last; i += rows)
                {
                    int here = (int)Math.Min(rows, last - i);
                    for (int t = 0; t < rows * perRow; t++) id[t] = (uint)ids[i + Math.Min(t / perRow, here - 1)];
                    Words(key, id, block, words);
                    for (int r = 0; r < here; r++)
                        Apply(words + 4 * perRow * r, H.Data + (i + r) * H.Stride, H.Columns, chance, result.Data + (i + r) * result.Stride);
                }
                return;
            }
            for (long i = first; i < last; i++)
            {
                for (int t = 0; t < Batch; t++) (id[t], block[t]) = ((uint)ids[i], (uint)t);
                for (long j = 0; j < H.Columns; j += 4 * Batch)
                {
                    Words(key, id, block, words);
                    Apply(words, H.Data + i * H.Stride + j, Math.Min(4 * Batch, H.Columns - j), chance, result.Data + i * result.Stride + j);
                    for (int t = 0; t < Batch; t++) block[t] += Batch;
                }
            }
        }
    }

    private readonly struct EdgesJob(Matrix S, int* ids, uint firstHead, Chance chance, RandomKey key, Matrix result) : IRowJob
    {
        public void Run(long first, long last)
        {
            uint* block = stackalloc uint[Batch], words = stackalloc uint[4 * Batch];
            uint* id = stackalloc uint[Batch];
            // Heads of one block of 4 at a time.
            for (long h = 0; h < S.Columns;)
            {
                uint head = firstHead + (uint)h, lane = head % 4;
                int heads = (int)Math.Min(4 - lane, S.Columns - h);
                for (int t = 0; t < Batch; t++) block[t] = head / 4;
                for (long e = first; e < last; e += Batch)
                {
                    int here = (int)Math.Min(Batch, last - e);
                    for (int t = 0; t < Batch; t++) id[t] = (uint)ids[e + Math.Min(t, here - 1)];
                    Words(key, id, block, words);
                    Real* from = S.Data + e * S.Stride + h, to = result.Data + e * result.Stride + h;
                    if (heads == 4 && S.Stride == 4 && result.Stride == 4) Apply(words, from, 4 * here, chance, to);
                    else if (heads == 4)
                        for (int t = 0; t < here; t++)
                            Apply<Lanes128, Vector128<Real>>(words + 4 * t, from + t * S.Stride, 4, chance, to + t * result.Stride);
                    else
                        for (int t = 0; t < here; t++)
                            for (int k = 0; k < heads; k++)
                                to[t * result.Stride + k] = words[4 * t + lane + k] >= chance.Threshold ? from[t * S.Stride + k] * chance.Scale : 0;
                }
                h += heads;
            }
        }
    }

    private readonly struct EntriesJob(EdgeView pattern, Matrix values, int* rowIds, Chance chance, RandomKey key, Matrix result) : IRowJob
    {
        public void Run(long first, long last)
        {
            uint* id = stackalloc uint[Batch], block = stackalloc uint[Batch], words = stackalloc uint[4 * Batch];
            new Span<uint>(id, Batch).Clear();
            new Span<uint>(block, Batch).Clear();
            int filled = 0;
            long start = pattern.Pointers[first], end = pattern.Pointers[last], row = first;
            for (long q = start; q < end; q++)
            {
                while (pattern.Pointers[row + 1] <= q) row++;
                (id[filled], block[filled]) = ((uint)rowIds[row], (uint)pattern.Index[q] / 4);
                if (++filled < Batch && q + 1 < end) continue;
                Words(key, id, block, words);
                for (int t = 0; t < filled; t++)
                {
                    long entry = q + 1 - filled + t, value = pattern.Value(entry);
                    uint word = words[4 * t + pattern.Index[entry] % 4];
                    result.Data[value * result.Stride] = word >= chance.Threshold ? values.Data[value * values.Stride] * chance.Scale : 0;
                }
                filled = 0;
            }
        }
    }

    private static void Apply(uint* words, Real* from, long count, Chance chance, Real* to)
    {
        if (Vector512.IsHardwareAccelerated) Apply<Lanes512, Vector512<Real>>(words, from, count, chance, to);
        else if (Vector256.IsHardwareAccelerated) Apply<Lanes256, Vector256<Real>>(words, from, count, chance, to);
        else Apply<Lanes128, Vector128<Real>>(words, from, count, chance, to);
    }

    private static void Apply<TLanes, TVector>(uint* words, Real* from, long count, Chance chance, Real* to)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var scale = TLanes.All(chance.Scale);
        long p = 0;
        for (; p <= count - TLanes.Count; p += TLanes.Count)
            TLanes.Store(TLanes.Keep(words + p, chance.Threshold, TLanes.Multiply(TLanes.Load(from + p), scale)), to + p);
        for (; p < count; p++) to[p] = words[p] >= chance.Threshold ? from[p] * chance.Scale : 0;
    }
}
