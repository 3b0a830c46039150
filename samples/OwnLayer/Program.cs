using System.Globalization;
using Weft.Analysis;
using Weft.Datasets;
using Weft.Kernels;
using Weft.Layers;
using Weft.Models;
using Weft.Training;

namespace OwnLayer;

/// <summary>Checks the gradients of a layer that Weft does not have, then trains it on a citation graph.</summary>
public static class Program
{
    public static int Main(string[] args) => Run(args, Console.Out, Console.Error);

    /// <param name="args">A data set by name, file or folder [cora]; "check" to check the gradients alone.</param>
    /// <param name="output">Receives the results.</param>
    /// <param name="error">Receives what went wrong.</param>
    /// <returns>0 done, 1 a gradient is wrong, 2 the data are not there.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        string name = args.Length > 0 ? args[0] : "cora";
        output.WriteLine("gradients of GatedConvolution on a small graph, against central differences:");
        var report = GradientCheck.Of(new GatedConvolution(inputs: 5, outputs: 4, Activation.Elu), inputs: 5);
        output.Write(report);
        if (!report.Holds) return 1;
        if (name == "check") return 0;

        TrainingData data;
        try
        {
            data = TrainingData.Prepare(DatasetCatalog.Open(name), new DataSettings(), model: "gated");
        }
        catch (Exception problem) when (problem is DataFormatException or FileNotFoundException or ArgumentException)
        {
            error.WriteLine($"{name}: {problem.Message}");
            error.WriteLine("'weft data list' tells which sets there are and where they are looked for; 'citations' is generated and always there.");
            return 2;
        }

        var model = new Model(
        [
            new Dropout(0.6),
            new GatedConvolution(data.Inputs, 16, Activation.Relu),
            new Dropout(0.6),
            new GatedConvolution(16, (int)data.Outputs),
        ]);
        model.Initialize(seed: 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"training on {data.Dataset.Name}: {data.Nodes:N0} nodes, {data.Edges:N0} edges, {model.ParameterCount:N0} parameters"));
        var trainer = new Trainer(model, data, new TrainingSettings { LearningRate = 0.01, WeightDecay = 5e-3, Epochs = 300, Patience = 100 });
        var scores = trainer.Train(epoch =>
        {
            if (epoch.Epoch is 1 or 10 || epoch.Epoch % 50 == 0)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch.Epoch,3}  loss {epoch.TrainLoss:F4}  validation accuracy {epoch.ValidationScore:P1}"));
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy {scores.Test?.Accuracy:P1}, best epoch {trainer.BestEpoch}"));
        return 0;
    }
}
