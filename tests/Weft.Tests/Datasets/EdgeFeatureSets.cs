using Weft.Datasets;
using Weft.Graphs;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Datasets;

/// <summary>Sets for tests that run every model: one that cannot do without features of edges gets some.</summary>
internal static class EdgeFeatureSets
{
    public static Dataset For(string model, Dataset set)
    {
        var edges = set.Edges;
        return model != "gine" ? set : set with
        {
            Edges = new EdgeList(edges.Nodes, edges.Source, edges.Destination, edges.Weight, LayerRun.ToMatrix(TestGraphs.Numbers(edges.Count, 2, 8))),
        };
    }
}
