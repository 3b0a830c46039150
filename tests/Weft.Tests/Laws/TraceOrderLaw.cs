using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A layer's list of names is what a traced pass records, in the order in which the code computes it.</summary>
public class TraceOrderLaw
{
    public static TheoryData<string> Cases => LayerCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_traced_pass_keeps_what_the_layer_names_in_the_order_in_which_it_names_it(string name)
    {
        var layerCase = LayerCases.Named(name);
        var layer = layerCase.Create();
        var run = new LayerRun(layer, TestGraphs.Seven, InputMode.Traced).With(LayerRun.Parameters(layer));
        var H = TestGraphs.Numbers(TestGraphs.Seven.Nodes, layerCase.Inputs, 1);
        var output = run.Output(H);
        run.Run(H, TestGraphs.Numbers(output.GetLength(0), output.GetLength(1), 2));

        string[] named = [.. layer.Names.Select(n => n.Code)];
        Assert.Equal(named, run.Recorded.Where(named.Contains));
        Assert.Equal(named.Length, layer.Names.Select(n => n.Trace).Distinct().Count());
        string[] gradients = [.. layer.Parameters.Where(p => p.IsLearned).Select(p => "d" + p.Name)];
        Assert.All(gradients, gradient => Assert.Contains(layer.Names, n => n.Trace == gradient || layerCase.Settings.ShareWeights && n.Trace == gradient + "_src"));
    }
}
