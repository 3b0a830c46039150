using Weft.Graphs;

namespace Weft.Kernels;

/// <summary>The factors B of attention dropout, drawn again wherever they are needed instead of being kept.</summary>
/// <param name="key">Key of the random numbers.</param>
/// <param name="firstHead">Number in the layer of the first of these heads.</param>
/// <param name="rate">Probability of a zero.</param>
/// <param name="edgeIds">Id of each edge by value number, in pinned memory; missing where nothing is dropped.</param>
internal readonly unsafe struct EdgeDropout(RandomKey key, int firstHead, double rate, int* edgeIds)
{
    private readonly uint threshold = CounterRandom.Threshold(rate);
    private readonly Real scale = (Real)(1 / (1 - rate));

    public bool Drops => edgeIds != null;

    /// <summary>B of the entries first, first + 1, … of a view.</summary>
    public void Draw(EdgeView view, long first, int count, int heads, in TileNumbers B)
    {
        uint* id = stackalloc uint[CounterRandom.Batch], block = stackalloc uint[CounterRandom.Batch], words = stackalloc uint[4 * CounterRandom.Batch];
        for (int start = 0; start < count; start += CounterRandom.Batch)
        {
            int here = Math.Min(CounterRandom.Batch, count - start);
            for (int t = 0; t < CounterRandom.Batch; t++) id[t] = (uint)edgeIds[view.Value(first + start + Math.Min(t, here - 1))];
            for (int k = 0; k < heads;)
            {
                // Heads of one block of 4 words at a time.
                int lane = (firstHead + k) % 4, together = Math.Min(4 - lane, heads - k);
                for (int t = 0; t < CounterRandom.Batch; t++) block[t] = (uint)(firstHead + k) / 4;
                CounterRandom.Words(key, id, block, words);
                for (int h = 0; h < together; h++)
                    for (int t = 0; t < here; t++) B.Data[(start + t) * B.Edge + (k + h) * B.Head] = words[4 * t + lane + h] >= threshold ? scale : 0;
                k += together;
            }
        }
    }
}
