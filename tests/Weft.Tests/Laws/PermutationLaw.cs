using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>Numbering the nodes otherwise, and listing the edges in another order, permutes the rows of every result and no more.</summary>
/// <remarks>Outside training: the factors of dropout belong to a node's number, on purpose.</remarks>
public class PermutationLaw
{
    public static TheoryData<string> Cases => LayerCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Permuting_nodes_permutes_outputs_and_gradients(string name)
    {
        var layerCase = LayerCases.Named(name);
        foreach (var graph in layerCase.Graphs)
        {
            var random = new Random(graph.Nodes);
            int[] place = [.. Enumerable.Range(0, graph.Nodes)], order = [.. Enumerable.Range(0, graph.Edges)];
            random.Shuffle(place);
            random.Shuffle(order);
            var permuted = new OracleGraph(graph.Name + ", permuted", graph.Nodes,
                [.. order.Select(e => place[graph.Source[e]])], [.. order.Select(e => place[graph.Destination[e]])], [.. order.Select(e => graph.Weight[e])])
            {
                Features = Pick(graph.Features, order),
            };

            var layer = layerCase.Create();
            var parameters = LayerRun.Parameters(layer);
            var plain = new LayerRun(layer, graph, training: false).With(parameters);
            var other = new LayerRun(layer, permuted, training: false);
            var H = Distinct(TestGraphs.Numbers(graph.Nodes, layerCase.Inputs, 1));
            var shape = plain.Output(H);
            var dH = TestGraphs.Numbers(shape.GetLength(0), shape.GetLength(1), 2);
            var expected = plain.Run(H, dH);
            var actual = other.Run(Permute(H, place), Permute(dH, place));
            string where = $"{name}, {graph.Name}: ";
            Closeness.Check(where + "H", Permute(expected.Output, place), actual.Output);
            Closeness.Check(where + "dH_prev", Permute(expected.InputGradient, place), actual.InputGradient, 10);
            foreach (var (parameter, gradient) in expected.Gradients)
                Closeness.Check($"{where}d{parameter}", gradient, actual.Gradients[parameter], 10);
        }
    }

    // Of equal maxima the first gets the gradient, and which is first depends on the order: no two numbers of a column are equal.
    private static double[,] Distinct(double[,] rows)
    {
        for (int i = 0; i < rows.GetLength(0); i++)
            for (int j = 0; j < rows.GetLength(1); j++) rows[i, j] += i / (double)(1 << 22);
        return rows;
    }

    private static double[,] Pick(double[,] rows, int[] order)
    {
        var picked = new double[order.Length, rows.GetLength(1)];
        for (int e = 0; e < order.Length; e++)
            for (int j = 0; j < rows.GetLength(1); j++) picked[e, j] = rows[order[e], j];
        return picked;
    }

    // The one row of a readout is no node's.
    private static double[,] Permute(double[,] rows, int[] place)
    {
        if (rows.GetLength(0) != place.Length) return rows;
        var permuted = new double[rows.GetLength(0), rows.GetLength(1)];
        for (int i = 0; i < rows.GetLength(0); i++)
            for (int j = 0; j < rows.GetLength(1); j++) permuted[place[i], j] = rows[i, j];
        return permuted;
    }
}
