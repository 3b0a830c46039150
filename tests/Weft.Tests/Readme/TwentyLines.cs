using Weft.Datasets;
using Weft.Models;
using Weft.Training;

namespace Weft.Tests.Readme;

/// <summary>The library's twenty lines of the README, as they stand there.</summary>
internal static class TwentyLines
{
    public static void Run(string file, TextWriter output, CancellationToken cancellation)
    {
        // README: from here
        var data = TrainingData.Prepare(DatasetCatalog.Open("citations"), new DataSettings(), "gatv2");
        var model = Architecture.Build(new ModelSettings { Model = "gatv2", Hidden = 8, Heads = 8 }, data.Inputs, data.Outputs);
        model.Initialize(seed: 1);

        var trainer = new Trainer(model, data, new TrainingSettings { Epochs = 60, Patience = 20 });
        var scores = trainer.Train(
            epoch => output.WriteLine($"epoch {epoch.Epoch}: validation {epoch.ValidationScore:P1}"),
            cancellation);
        output.WriteLine($"test accuracy {scores.Test!.Value.Accuracy:P1}");

        ModelFile.Save(model, file);
        var loaded = ModelFile.Load(file);

        var unseen = TrainingData.Prepare(Citations.Create(seed: 2), new DataSettings(), "gatv2").Batches[0];
        Parallel.For(0, 4, _ =>
        {
            var logits = loaded.Predict(unseen.Graph, unseen.Features);
            lock (output) output.WriteLine($"node 0 of a new graph: class {Metrics.Predict(logits, node: 0)}");
        });
        // README: to here
    }
}
