using Weft.Graphs;

namespace Weft.Kernels;

/// <summary>The factors B of attention dropout for one head, drawn again wherever they are needed instead of being kept.</summary>
/// <param name="key">Key of the random numbers.</param>
/// <param name="head">The head's number in the layer.</param>
/// <param name="rate">Probability of a zero.</param>
/// <param name="edgeIds">Id of each edge by value number, in pinned memory; missing where nothing is dropped.</param>
internal readonly unsafe struct EdgeDropout(RandomKey key, int head, double rate, int* edgeIds)
{
    private readonly uint threshold = CounterRandom.Threshold(rate);
    private readonly Real scale = (Real)(1 / (1 - rate));

    public bool Drops => edgeIds != null;

    /// <summary>weights[t] ← B · weights[t] for the entries first, first + 1, … of a view.</summary>
    public void Apply(EdgeView view, long first, int count, Real* weights)
    {
        uint* id = stackalloc uint[CounterRandom.Batch], block = stackalloc uint[CounterRandom.Batch], words = stackalloc uint[4 * CounterRandom.Batch];
        for (int t = 0; t < CounterRandom.Batch; t++) block[t] = (uint)head / 4;
        for (int start = 0; start < count; start += CounterRandom.Batch)
        {
            int here = Math.Min(CounterRandom.Batch, count - start);
            for (int t = 0; t < CounterRandom.Batch; t++) id[t] = (uint)edgeIds[view.Value(first + start + Math.Min(t, here - 1))];
            CounterRandom.Words(key, id, block, words);
            for (int t = 0; t < here; t++) weights[start + t] = words[4 * t + head % 4] >= threshold ? weights[start + t] * scale : 0;
        }
    }
}
