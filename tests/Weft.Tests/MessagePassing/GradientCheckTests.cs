using Weft.Analysis;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.MessagePassing;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.MessagePassing;

/// <summary>The check finds what is wrong, and nothing where nothing is.</summary>
public class GradientCheckTests
{
    public static TheoryData<string> Catalogued => [.. Catalog.Layers.Keys];

    [Theory]
    [MemberData(nameof(Catalogued))]
    public void Every_layer_of_the_catalog_passes(string name)
    {
        var layer = Catalog.Layers[name](new LayerSettings
        {
            Inputs = 5,
            Outputs = 3,
            Heads = 2,
            Activation = Activation.Elu,
            Dropout = 0.3,
            AttentionDropout = 0.3,
            EdgeFeatures = 2,
        });
        if (layer.Joins.Count > 0) Assert.Contains("check it in a model", Assert.Throws<ArgumentException>(() => GradientCheck.Of(layer, 5)).Message);
        else GradientCheck.Of(layer, 5, GradientCheck.NastyGraph(edgeFeatures: 2)).ThrowIfWrong();
    }

    [Theory]
    [InlineData(Aggregation.Sum)]
    [InlineData(Aggregation.Mean)]
    [InlineData(Aggregation.Max)]
    public void A_factor_that_is_left_out_of_an_adjoint_is_found(Aggregation aggregation)
    {
        var report = GradientCheck.Of(new Toy(aggregation, 5, 4) { ForgetsTheWeight = true }, 5);
        Assert.False(report.Holds);
        Assert.Contains(report.Tensors, t => t is { Name: "H", Holds: false });
        Assert.Contains(report.Tensors, t => t is { Name: "W_src", Holds: false });
        Assert.Contains(report.Tensors, t => t is { Name: "g", Holds: true });
        var thrown = Assert.Throws<GradientException>(() => report.ThrowIfWrong());
        Assert.Contains("WRONG  dW_src: worst of 20 at [", thrown.Message);
        Assert.Contains("central difference", thrown.Message);
        Assert.DoesNotContain("dg:", thrown.Message);
    }

    [Fact]
    public void A_model_with_a_loss_is_checked_at_features_and_parameters_which_are_put_back()
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Forty);
        var model = new Model([new Toy(Aggregation.Max, 5, 6, activation: Activation.Relu), new Dropout(0.3), new Gcn(6, 3)]);
        model.Initialize(5);
        var features = LayerRun.ToMatrix(TestGraphs.Numbers(40, 5, 1));
        var target = LossTarget.FromLabels(graph, [.. Enumerable.Range(0, 40).Select(i => i % 3)], [.. Enumerable.Range(0, 40).Select(i => i % 4 != 1)]);
        var before = model.Parameters.Select(p => p.Parameter.Value.ToArray()).ToArray();
        var report = GradientCheck.Of(model, graph, features, new CrossEntropy(), target, new() { Entries = 40 });
        report.ThrowIfWrong();
        Assert.Equal(["H", .. model.Parameters.Select(p => p.Name)], report.Tensors.Select(t => t.Name));
        Assert.Equal(before, model.Parameters.Select(p => p.Parameter.Value.ToArray()));
        Assert.All(model.Parameters, p => Assert.All(p.Parameter.Gradient.ToArray(), g => Assert.Equal(0, g)));
    }
}
