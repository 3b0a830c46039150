using Weft.Distributed.Words;
using Weft.Models;
using Weft.Training;

namespace Weft.Tests.Training;

public class LayerShapesTests
{
    // Shapes are for grids of processes, which do not carry features of edges.
    public static TheoryData<string> Names => [.. Architecture.Names.Where(name => name != "gine")];

    [Theory]
    [MemberData(nameof(Names))]
    public void Shapes_have_the_parameters_of_the_model_that_is_built(string name)
    {
        foreach (var settings in new[]
        {
            new ModelSettings { Model = name },
            new ModelSettings { Model = name, Layers = 3, Hidden = 5, Heads = 3, OutputHeads = 2, Bias = false, Dropout = 0 },
            new ModelSettings { Model = name, Layers = 2, EmbeddingWidth = 6, LinearOutput = true, Hidden = 4, Heads = 2 },
        })
        {
            var shapes = LayerShapes.Of(settings, 11, 4, sparse: false);
            Assert.Equal(Architecture.Build(settings, 11, 4).ParameterCount, shapes.Sum(s => ExpandFold.Gradients(s).Sum()));
        }
    }

    [Fact]
    public void Only_features_that_no_dropout_changes_are_constant_and_nobody_wants_a_gradient_at_them()
    {
        LayerShape First(double dropout, int embedding = 0) => LayerShapes.Of(new ModelSettings { Model = "gcn", Dropout = dropout, EmbeddingWidth = embedding }, 11, 4, sparse: true).First(s => s.Layer == "gcn");
        Assert.True(First(0).ConstantInput);
        Assert.False(First(0.5).ConstantInput);
        Assert.False(First(0.5).InputGradient);
        Assert.True(First(0.5).SparseInput);
        Assert.True(First(0, embedding: 3).InputGradient);
        Assert.False(First(0, embedding: 3).SparseInput);
    }
}
