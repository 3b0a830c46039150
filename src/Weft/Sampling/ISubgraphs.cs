namespace Weft.Sampling;

/// <summary>A way to draw the nodes of a subgraph at random.</summary>
internal interface ISubgraphs
{
    /// <summary>The most nodes that a subgraph has.</summary>
    int MostNodes { get; }

    /// <summary>Draws a subgraph.</summary>
    /// <param name="draws">Random numbers of this subgraph.</param>
    /// <param name="nodes">Empty; receives the nodes.</param>
    void Draw(Draws draws, LocalNodes nodes);
}

/// <summary>Nodes one by one with chance ∝ Σ_i Ã_ij², what their messages weigh: so many draws with replacement.</summary>
internal sealed class NodeSubgraphs : ISubgraphs
{
    private readonly Cumulative chances;
    private readonly int count;

    /// <param name="adjacency">The graph.</param>
    /// <param name="count">Draws of a subgraph.</param>
    public NodeSubgraphs(IAdjacency adjacency, int count)
    {
        if (count < 1) throw new ArgumentException($"batch-size is {count}; 1 or more was expected");
        // A node's own loop of A + I gives each at least something.
        var p = new double[adjacency.Nodes];
        double Scale(int node) => 1 + Math.Max(0, adjacency.WeightedDegree(node));
        for (int i = 0; i < p.Length; i++)
        {
            p[i] += 1 / (Scale(i) * Scale(i));
            for (long q = adjacency.First(i), end = q + adjacency.Degree(i); q < end; q++)
            {
                int j = adjacency.Source(q);
                double w = adjacency.Weight(q);
                p[j] += w * w / (Scale(i) * Scale(j));
            }
        }
        (chances, this.count) = (new Cumulative(p), count);
    }

    /// <inheritdoc/>
    public int MostNodes => count;

    /// <inheritdoc/>
    public void Draw(Draws draws, LocalNodes nodes)
    {
        for (int t = 0; t < count; t++) nodes.Add(chances.Draw(ref draws));
    }
}

/// <summary>Both ends of edges that are drawn with chance ∝ 1/d_u + 1/d_v, d being numbers of in-edges, at least 1: so many draws with replacement.</summary>
internal sealed class EdgeSubgraphs : ISubgraphs
{
    private readonly IAdjacency adjacency;
    private readonly Cumulative chances;
    private readonly int[] destination;
    private readonly int count;

    /// <param name="adjacency">The graph.</param>
    /// <param name="count">Draws of a subgraph.</param>
    /// <exception cref="ArgumentException">The graph has no edges, or more than fit into an array.</exception>
    public EdgeSubgraphs(IAdjacency adjacency, int count)
    {
        if (count < 1) throw new ArgumentException($"batch-size is {count}; 1 or more was expected");
        if (adjacency.Edges == 0) throw new ArgumentException("the graph has no edges to draw: use saint-node or saint-walk");
        var p = new double[adjacency.Edges];
        destination = new int[p.Length];
        for (int i = 0; i < adjacency.Nodes; i++)
            for (long q = adjacency.First(i), end = q + adjacency.Degree(i); q < end; q++)
            {
                destination[q] = i;
                p[q] = 1.0 / adjacency.Degree(i) + 1.0 / Math.Max(1, adjacency.Degree(adjacency.Source(q)));
            }
        (this.adjacency, chances, this.count) = (adjacency, new Cumulative(p), count);
    }

    /// <inheritdoc/>
    public int MostNodes => 2 * count;

    /// <inheritdoc/>
    public void Draw(Draws draws, LocalNodes nodes)
    {
        for (int t = 0; t < count; t++)
        {
            int q = chances.Draw(ref draws);
            nodes.Add(adjacency.Source(q));
            nodes.Add(destination[q]);
        }
    }
}

/// <summary>
/// The nodes of random walks: so many roots, each node as likely, and from each so many steps against the edges, to where messages
/// come from, every in-edge as likely. A walk ends early at a node without in-edges.
/// </summary>
/// <param name="adjacency">The graph.</param>
/// <param name="roots">Walks of a subgraph.</param>
/// <param name="steps">Steps of a walk.</param>
internal sealed class WalkSubgraphs(IAdjacency adjacency, int roots, int steps) : ISubgraphs
{
    private readonly int roots = roots >= 1 ? roots : throw new ArgumentException($"batch-size is {roots}; 1 or more was expected");
    private readonly int steps = steps >= 1 ? steps : throw new ArgumentException($"walk-length is {steps}; 1 or more was expected");

    /// <inheritdoc/>
    public int MostNodes => checked(roots * (steps + 1));

    /// <inheritdoc/>
    public void Draw(Draws draws, LocalNodes nodes)
    {
        for (int walk = 0; walk < roots; walk++)
        {
            int node = draws.Below(adjacency.Nodes);
            nodes.Add(node);
            for (int step = 0; step < steps && adjacency.Degree(node) is > 0 and int degree; step++)
            {
                node = adjacency.Source(adjacency.First(node) + draws.Below(degree));
                nodes.Add(node);
            }
        }
    }
}

/// <summary>A distribution over 0, 1, …, to draw from by bisection.</summary>
internal sealed class Cumulative
{
    private readonly double[] upTo;

    /// <param name="weights">How likely each is; overwritten.</param>
    public Cumulative(double[] weights)
    {
        for (int k = 1; k < weights.Length; k++) weights[k] += weights[k - 1];
        upTo = weights;
    }

    /// <summary>The first number whose weights, with those before it, exceed a uniform share of all.</summary>
    public int Draw(ref Draws draws)
    {
        double at = draws.Uniform() * upTo[^1];
        int low = 0, high = upTo.Length - 1;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (upTo[middle] > at) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
