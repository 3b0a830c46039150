using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed;
using Weft.Distributed.Planning;
using Weft.Graphs;
using Weft.Models;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>What a plan says that a process of a grid holds, against what its objects then hold.</summary>
public class GridMemoryTests
{
    private static readonly DataSettings Prepared = new() { RandomFeatures = 24, RandomClasses = 5, SelfLoops = true };

    [Theory]
    [InlineData("gcn")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gin")]
    [InlineData("sage")]
    [InlineData("transformer")]
    public void Every_process_holds_what_the_plan_says(string model)
    {
        var settings = new ModelSettings { Model = model, Hidden = 8, Heads = 4, Dropout = 0.5 };
        var training = new TrainingSettings { Epochs = 3, Patience = 0 };
        var set = new Dataset { Name = "r", Edges = new RecursiveMatrix(11, 12).ToEdges() };
        foreach (string grid in new[] { "1x1x1", "2x1x1", "1x2x1", "2x2x1", "2x1x2", "3x2x1" })
            foreach (var exchange in new[] { ExchangeKind.Halo, ExchangeKind.Dense })
            {
                var shape = GridName.Parse(grid, grid.Split('x').Aggregate(1, (p, side) => p * int.Parse(side, System.Globalization.CultureInfo.InvariantCulture)));
                ThreadCommunicator.Run(shape.Size, world =>
                {
                    var source = new DatasetSource(TrainingData.PrepareWhole(set, Prepared, model));
                    var data = SharedData.Prepare(source, Prepared, 0, world, shape, new DistributionOptions { Exchange = exchange });
                    var built = Architecture.Build(settings, data.Inputs, data.Outputs);
                    built.Initialize(1);
                    var trainer = new Trainer(built, data, training);
                    while (!trainer.Finished) trainer.RunEpoch();
                    var graph = data.Batches[0].Graph;
                    long held = graph.Bytes + graph.ExchangeBytes + data.Dataset.Features.Dense.Bytes + (4L * data.Dataset.Labels!.Length) + (3L * data.Split.Train.Length)
                        + trainer.WorkspaceBytes + trainer.OptimizerBytes + trainer.LossBytes + trainer.BestParameters.Values.Sum(v => v.Value.Bytes)
                        + built.Parameters.Sum(p => p.Parameter.Value.Bytes + p.Parameter.Gradient.Bytes);
                    var size = new DataSize(data.Nodes, data.Edges, data.Inputs, data.Outputs);
                    var request = GridPlan.Request(size, settings, training, shape.Size, 1);
                    var share = new ProcessShare(shape, graph.OwnedSources, graph.BlockRows, graph.ByDestination.Columns, graph.Edges, exchange == ExchangeKind.Halo);
                    double planned = request.Memory(share) - GridPlan.ProgramBytes - GridMemory.Passing(share, size, request.Layers);
                    Assert.InRange(planned / held, 0.93, 1.07);
                });
            }
    }
}
