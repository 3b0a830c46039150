using Weft.Graphs;

namespace Weft.Sampling;

/// <summary>Some nodes of a graph with all edges between them: one square block that serves every layer.</summary>
internal static class InducedBlock
{
    /// <summary>The block of the nodes that lie in <see cref="SampleScratch.Local"/>.</summary>
    /// <param name="adjacency">The graph.</param>
    /// <param name="scratch">The nodes.</param>
    /// <param name="standsFor">
    /// How many edges of the whole graph an edge stands for: of the destination, the position of the edge, and how many of the
    /// destination's in-edges are here, its own loops not counted.
    /// </param>
    public static Graph Of<TStandsFor>(IAdjacency adjacency, SampleScratch scratch, TStandsFor standsFor)
        where TStandsFor : IStandsFor
    {
        var (local, edges) = (scratch.Local, scratch.Edges);
        edges.Begin();
        for (int i = 0; i < local.Count; i++)
        {
            int node = local[i], here = 0, loops = 0;
            long first = adjacency.First(node);
            var sources = scratch.Neighbours(node);
            foreach (int j in sources)
                if (j == node) loops++;
                else if (local.Find(j) >= 0) here++;
            for (int p = 0; p < sources.Length; p++)
                if (local.Find(sources[p]) is >= 0 and int place)
                    edges.Add(place, first + p, place == i ? 1 : standsFor.Edge(node, first + p, here, sources.Length - loops));
            edges.EndRow(node);
        }
        return edges.ToGraph(local.Numbers);
    }
}

/// <summary>How many edges of the whole graph an edge between the nodes of a sample stands for.</summary>
internal interface IStandsFor
{
    /// <summary>Of an edge that is no loop.</summary>
    /// <param name="node">Its destination.</param>
    /// <param name="position">Its position in the adjacency.</param>
    /// <param name="here">How many of the destination's in-edges, loops not counted, are in the sample.</param>
    /// <param name="all">How many there are in the whole graph.</param>
    double Edge(int node, long position, int here, int all);
}
