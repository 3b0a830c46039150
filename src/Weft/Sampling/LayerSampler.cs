using Weft.Graphs;

namespace Weft.Sampling;

/// <summary>
/// For every layer, about s_l nodes that its destinations have in common as in-neighbours, chosen by how much they weigh in the
/// rows of these destinations: node j with chance π_j = min(1, τ·p_j), p_j = Σ_{i: destination} Ã_ij², τ such that Σ_j π_j = s_l, each
/// independently of the others. An edge from it stands for 1/π_j, so that every sum over in-edges keeps its mean.
/// </summary>
/// <remarks>
/// D. Zou et al., "Layer-dependent importance sampling for training deep and large graph convolutional networks" (LADIES), NeurIPS 2019,
/// with independent choices instead of draws from p (Poisson sampling): the weight 1/π_j is then exact and no node is drawn
/// twice. Destinations are sources of their block in any case; edges from them are all kept and stand for themselves.
/// Ã_ij = w_ij / √((d_i + 1)·(d_j + 1)); an edge whose weight is nearly 0 is taken for 1e-3, that layers which ignore weights see it.
/// </remarks>
internal sealed class LayerSampler : ISampler
{
    private const double SmallestSquare = 1e-6;

    private readonly IAdjacency adjacency;
    private readonly SeedOrder order;
    private readonly int[] sizes;
    private readonly ulong seed;

    /// <summary>A sampler of layers.</summary>
    /// <param name="adjacency">The graph.</param>
    /// <param name="seeds">The training nodes.</param>
    /// <param name="batchSize">How many of them a batch has.</param>
    /// <param name="sizes">s_l for each layer that looks at neighbours, the first layer first; −1 for all in-neighbours.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">A size is impossible.</exception>
    public LayerSampler(IAdjacency adjacency, int[] seeds, int batchSize, IReadOnlyList<int> sizes, ulong seed)
    {
        if (sizes.Count == 0) throw new ArgumentException("fanouts is empty; a number of nodes for each layer was expected");
        foreach (int s in sizes)
            if (s is 0 or < -1) throw new ArgumentException($"fanouts has {s}; 1 node a layer or more, or -1 for all in-neighbours, was expected");
        (this.adjacency, this.sizes, this.seed) = (adjacency, [.. sizes], seed);
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
        var blocks = new Graph[sizes.Length];
        for (int layer = blocks.Length - 1; layer >= 0; layer--)
        {
            int destinations = local.Count;
            Weigh(scratch);
            double factor = Factor(scratch.Numbers, sizes[layer]);
            edges.Begin();
            for (int i = 0; i < destinations; i++)
            {
                int node = local[i];
                long first = adjacency.First(node);
                var sources = scratch.Neighbours(node);
                for (int p = 0; p < sources.Length; p++)
                {
                    int j = sources[p], place = local.Find(j);
                    if (place >= 0 && place < destinations)
                    {
                        edges.Add(place, first + p);
                        continue;
                    }
                    double chance = Math.Min(1, factor * scratch.Numbers[scratch.Candidates.Find(j)]);
                    if (chance < 1 && new Draws(seed, step, DrawPurpose.Layer, layer, j).Uniform() >= chance) continue;
                    edges.Add(local.Add(j), first + p, 1 / chance);
                }
                edges.EndRow(node);
            }
            blocks[layer] = edges.ToGraph(local.Numbers);
        }
        return new Sample(blocks, local.Numbers.ToArray());
    }

    // p_j of every in-neighbour that is no destination itself.
    private void Weigh(SampleScratch scratch)
    {
        var (local, candidates, p) = (scratch.Local, scratch.Candidates, scratch.Numbers);
        candidates.Clear();
        p.Clear();
        foreach (int node in local.Numbers)
        {
            long first = adjacency.First(node);
            double row = 1 + Math.Max(0, adjacency.WeightedDegree(node));
            var sources = scratch.Neighbours(node);
            for (int q = 0; q < sources.Length; q++)
            {
                int j = sources[q];
                if (local.Find(j) >= 0) continue;
                int place = candidates.Add(j);
                if (place == p.Count) p.Add(0);
                double w = adjacency.Weight(first + q);
                p[place] += Math.Max(w * w, SmallestSquare) / (row * (1 + Math.Max(0, adjacency.WeightedDegree(j))));
            }
        }
    }

    /// <summary>τ with Σ_j min(1, τ·p_j) = size; infinity where there are no more candidates than that.</summary>
    internal static double Factor(List<double> p, int size)
    {
        if (size < 0 || p.Count <= size) return double.PositiveInfinity;
        // Nodes that are certain leave fewer to choose for the rest, which may make more of them certain.
        double factor = 0;
        for (int certain = -1, now = 0; now != certain;)
        {
            certain = now;
            double sum = 0;
            foreach (double value in p)
                if (factor * value < 1) sum += value;
            factor = (size - certain) / sum;
            now = 0;
            foreach (double value in p)
                if (factor * value >= 1) now++;
        }
        return factor;
    }
}
