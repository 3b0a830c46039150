namespace Weft.Sampling;

/// <summary>
/// Subgraphs drawn at random, each with all edges between its nodes, and the normalisation that undoes what nodes and edges gain from
/// being drawn often: with C_v and C_e the numbers of S subgraphs, drawn beforehand, in which node v and edge e are, an edge
/// e = (u → v) stands for C_v/C_e edges, and the loss of a training node weighs S/C_v.
/// </summary>
/// <remarks>
/// H. Zeng et al., "GraphSAINT: graph sampling based inductive learning method", ICLR 2020: α = C_e/C_v, λ = C_v/S. A subgraph
/// without a training node is drawn again, beforehand as in training. What was in none of the subgraphs drawn beforehand counts as once.
/// </remarks>
internal sealed class SaintSampler : ISampler
{
    private const int MostAttempts = 1000;

    private readonly IAdjacency adjacency;
    private readonly ISubgraphs subgraphs;
    private readonly bool[] isSeed;
    private readonly int seeds, batches;
    private readonly ulong seed;

    /// <summary>A sampler of subgraphs; draws those that it counts in.</summary>
    /// <param name="adjacency">The graph.</param>
    /// <param name="seeds">The training nodes.</param>
    /// <param name="subgraphs">How nodes are drawn.</param>
    /// <param name="counted">S, the subgraphs drawn beforehand.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">A size is impossible, or hardly any subgraph has a training node.</exception>
    public SaintSampler(IAdjacency adjacency, int[] seeds, ISubgraphs subgraphs, int counted, ulong seed)
    {
        if (seeds.Length == 0) throw new ArgumentException("there is no training node to make batches of");
        if (counted < 1) throw new ArgumentException($"saint-samples is {counted}; 1 or more was expected");
        (this.adjacency, this.subgraphs, this.seeds, this.seed, Counted) = (adjacency, subgraphs, seeds.Length, seed, counted);
        isSeed = new bool[adjacency.Nodes];
        foreach (int node in seeds) isSeed[node] = true;
        batches = Math.Max(1, (int)Math.Ceiling(adjacency.Nodes / (double)subgraphs.MostNodes));
        (NodeCounts, EdgeCounts) = (new int[adjacency.Nodes], new int[adjacency.Edges]);
        var scratch = new SampleScratch(adjacency);
        for (int number = 0; number < counted; number++) Count((uint)number, scratch);
    }

    /// <summary>S.</summary>
    public int Counted { get; }

    /// <summary>C_v, [N].</summary>
    public int[] NodeCounts { get; }

    /// <summary>C_e by the position of e, [E].</summary>
    public int[] EdgeCounts { get; }

    /// <inheritdoc/>
    public int MostBatches => batches;

    /// <inheritdoc/>
    public int Batches(int epoch) => batches;

    /// <inheritdoc/>
    public Sample Draw(int epoch, int number, SampleScratch scratch)
    {
        DrawNodes(checked((uint)((long)epoch * MostBatches + number)), DrawPurpose.Subgraph, scratch);
        int[] nodes = scratch.Local.Numbers.ToArray();
        bool[] mask = Array.ConvertAll(nodes, node => isSeed[node]);
        // The mean over the batch's training nodes of these is (1/|T|) Σ_v 𝓛_v·S/C_v.
        double share = mask.Count(m => m) / (double)seeds;
        double[] weights = Array.ConvertAll(nodes, node => share * Counted / Math.Max(1, NodeCounts[node]));
        return new Sample([InducedBlock.Of(adjacency, scratch, new Drawn(NodeCounts, EdgeCounts))], nodes, mask, weights);
    }

    private void DrawNodes(uint step, DrawPurpose purpose, SampleScratch scratch)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            scratch.Local.Clear();
            subgraphs.Draw(new Draws(seed, step, purpose, attempt, 0), scratch.Local);
            foreach (int node in scratch.Local.Numbers)
                if (isSeed[node]) return;
        }
        throw new ArgumentException($"{MostAttempts} subgraphs one after another had none of the {seeds} training nodes: use a larger batch-size");
    }

    private void Count(uint number, SampleScratch scratch)
    {
        DrawNodes(number, DrawPurpose.Normalization, scratch);
        foreach (int node in scratch.Local.Numbers)
        {
            NodeCounts[node]++;
            long first = adjacency.First(node);
            var sources = scratch.Neighbours(node);
            for (int p = 0; p < sources.Length; p++)
                if (scratch.Local.Find(sources[p]) >= 0) EdgeCounts[first + p]++;
        }
    }

    private readonly struct Drawn(int[] nodes, int[] edges) : IStandsFor
    {
        public double Edge(int node, long position, int here, int all) => Math.Max(1, nodes[node]) / (double)Math.Max(1, edges[position]);
    }
}
