namespace Weft.Sampling;

/// <summary>
/// Batches of whole clusters: each epoch shuffles the clusters of a partition, takes some of them together, and trains on their nodes
/// with all edges between these, those between different clusters of a batch included.
/// </summary>
/// <remarks>
/// W.-L. Chiang et al., "Cluster-GCN", KDD 2019. The edges of a node that are in the batch stand for all of its in-edges, each for the
/// same number of them; so sums have the size that they have in the whole graph, as its renormalisation gives them. Which edges are
/// left out is no matter of chance (few run between clusters), so this estimate is biased, as the method is. Batches without
/// a training node are left out of the epoch.
/// </remarks>
internal sealed class ClusterSampler : ISampler
{
    private readonly IAdjacency adjacency;
    private readonly int[] members, offsets;
    private readonly bool[] isSeed, hasSeed;
    private readonly int together;
    private readonly ulong seed;
    private readonly Lock gate = new();
    private readonly (int Epoch, int[][] Batches)[] known = [(-1, []), (-1, [])];

    /// <summary>A sampler of clusters.</summary>
    /// <param name="adjacency">The graph.</param>
    /// <param name="seeds">The training nodes.</param>
    /// <param name="cluster">Cluster of each node, 0 … clusters − 1; [N].</param>
    /// <param name="clusters">Number of clusters.</param>
    /// <param name="together">How many make a batch; the last of an epoch may have fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">A size is impossible, or the clusters are not of this graph.</exception>
    public ClusterSampler(IAdjacency adjacency, int[] seeds, int[] cluster, int clusters, int together, ulong seed)
    {
        if (cluster.Length != adjacency.Nodes) throw new ArgumentException($"{cluster.Length} nodes are in clusters, the graph has {adjacency.Nodes}");
        if (clusters < 1 || clusters > adjacency.Nodes) throw new ArgumentException($"clusters is {clusters}; 1 … {adjacency.Nodes}, the number of nodes, was expected");
        if (together < 1 || together > clusters) throw new ArgumentException($"{together} clusters in a batch; 1 … {clusters} was expected");
        if (seeds.Length == 0) throw new ArgumentException("there is no training node to make batches of");
        (this.adjacency, this.together, this.seed) = (adjacency, together, seed);
        isSeed = new bool[adjacency.Nodes];
        hasSeed = new bool[clusters];
        offsets = new int[clusters + 1];
        members = new int[adjacency.Nodes];
        for (int i = 0; i < cluster.Length; i++)
        {
            if ((uint)cluster[i] >= clusters) throw new ArgumentException($"node {i} is in cluster {cluster[i]}; clusters are 0 … {clusters - 1}");
            offsets[cluster[i] + 1]++;
        }
        for (int c = 0; c < clusters; c++) offsets[c + 1] += offsets[c];
        var next = offsets.AsSpan(0, clusters).ToArray();
        for (int i = 0; i < cluster.Length; i++) members[next[cluster[i]]++] = i;
        foreach (int node in seeds) (isSeed[node], hasSeed[cluster[node]]) = (true, true);
    }

    /// <inheritdoc/>
    public int MostBatches => (hasSeed.Length + together - 1) / together;

    /// <inheritdoc/>
    public int Batches(int epoch) => Plan(epoch).Length;

    /// <inheritdoc/>
    public Sample Draw(int epoch, int number, SampleScratch scratch)
    {
        scratch.Local.Clear();
        foreach (int c in Plan(epoch)[number])
            for (int p = offsets[c]; p < offsets[c + 1]; p++) scratch.Local.Add(members[p]);
        int[] nodes = scratch.Local.Numbers.ToArray();
        return new Sample([InducedBlock.Of(adjacency, scratch, default(Share))], nodes, Array.ConvertAll(nodes, node => isSeed[node]));
    }

    // Two epochs are kept: threads may be ahead in the next one.
    private int[][] Plan(int epoch)
    {
        lock (gate)
        {
            ref var slot = ref known[epoch % 2];
            if (slot.Epoch == epoch) return slot.Batches;
            int[] order = [.. Enumerable.Range(0, hasSeed.Length)];
            new Draws(seed, (uint)epoch, DrawPurpose.Clusters, 0, 0).Shuffle(order);
            int[][] batches = [.. order.Chunk(together).Where(some => some.Any(c => hasSeed[c]))];
            slot = (epoch, batches);
            return batches;
        }
    }

    private readonly struct Share : IStandsFor
    {
        public double Edge(int node, long position, int here, int all) => all / (double)here;
    }
}
