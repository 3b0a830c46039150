using Weft.Graphs;

namespace Weft.Sampling;

/// <summary>
/// Of every node that a layer computes, some of its in-edges: at most k_l of them, chosen anew for each layer and each batch, every
/// set of k_l as likely. With replacement, k_l draws, each from all of them. An edge of which k were chosen from n stands for n/k.
/// </summary>
/// <remarks>
/// W. Hamilton, R. Ying, J. Leskovec, "Inductive representation learning on large graphs", NeurIPS 2017. The loop of a node, where it
/// is the last of its in-edges (as --self-loops puts it), is always kept, stands for itself and is not one of the k_l.
/// </remarks>
internal sealed class NeighborSampler : ISampler
{
    private readonly IAdjacency adjacency;
    private readonly SeedOrder order;
    private readonly int[] fanouts;
    private readonly bool replace;
    private readonly ulong seed;

    /// <summary>A sampler of neighbours.</summary>
    /// <param name="adjacency">The graph.</param>
    /// <param name="seeds">The training nodes.</param>
    /// <param name="batchSize">How many of them a batch has.</param>
    /// <param name="fanouts">k_l for each layer that looks at neighbours, the first layer first; −1 for all in-edges.</param>
    /// <param name="replace">True to draw with replacement.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">A size is impossible.</exception>
    public NeighborSampler(IAdjacency adjacency, int[] seeds, int batchSize, IReadOnlyList<int> fanouts, bool replace, ulong seed)
    {
        if (fanouts.Count == 0) throw new ArgumentException("fanouts is empty; one for each layer was expected");
        foreach (int k in fanouts)
            if (k is 0 or < -1) throw new ArgumentException($"fanouts has {k}; 1 or more, or -1 for all neighbours, was expected");
        (this.adjacency, this.fanouts, this.replace, this.seed) = (adjacency, [.. fanouts], replace, seed);
        order = new SeedOrder(seeds, batchSize, seed);
    }

    /// <inheritdoc/>
    public int MostBatches => order.Batches;

    /// <inheritdoc/>
    public int Batches(int epoch) => order.Batches;

    /// <inheritdoc/>
    public Sample Draw(int epoch, int number, SampleScratch scratch)
    {
        var (local, edges) = (scratch.Local, scratch.Edges);
        local.Clear();
        foreach (int node in order.Of(epoch, number)) local.Add(node);
        uint step = checked((uint)((long)epoch * MostBatches + number));
        var blocks = new Graph[fanouts.Length];
        for (int layer = blocks.Length - 1; layer >= 0; layer--)
        {
            int destinations = local.Count;
            edges.Begin();
            for (int i = 0; i < destinations; i++)
            {
                int node = local[i];
                Choose(node, fanouts[layer], new Draws(seed, step, DrawPurpose.Neighbours, layer, node), scratch);
                edges.EndRow(node);
            }
            blocks[layer] = edges.ToGraph(local.Numbers);
        }
        return new Sample(blocks, local.Numbers.ToArray());
    }

    private void Choose(int node, int most, Draws draws, SampleScratch scratch)
    {
        var (local, edges) = (scratch.Local, scratch.Edges);
        long first = adjacency.First(node);
        int degree = adjacency.Degree(node);
        if (most < 0 || !replace && degree <= most)
        {
            var sources = scratch.Neighbours(node);
            for (int p = 0; p < sources.Length; p++) edges.Add(local.Add(sources[p]), first + p);
            return;
        }
        bool loop = degree > 0 && adjacency.Source(first + degree - 1) == node;
        int others = loop ? degree - 1 : degree, count = replace && others > 0 ? most : Math.Min(most, others);
        if (count > 0)
        {
            var drawn = scratch.Drawn(count);
            if (replace)
            {
                for (int t = 0; t < count; t++) drawn[t] = draws.Below(others);
                drawn.Sort();
            }
            else draws.Distinct(others, drawn, scratch.Marks);
            double standsFor = others / (double)count;
            foreach (int p in drawn) edges.Add(local.Add(adjacency.Source(first + p)), first + p, standsFor);
        }
        if (loop) edges.Add(local.Find(node), first + degree - 1);
    }
}
