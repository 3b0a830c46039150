using Weft.Analysis;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Golden;

namespace Weft.Tests.Laws;

/// <summary>
/// Every golden case in the form that trains: outputs, losses and gradients of a session that keeps no trace, within the
/// tolerances of the case. The traced form is held to the same files elsewhere.
/// </summary>
public class FusedGoldenLaw
{
    public static TheoryData<string> Cases =>
        [.. GoldenCase.Names.Where(name => GoldenCase.Load(name).Layer is not ("losses" or "optimisers"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_golden_case_trains_as_its_arrays_say(string name)
    {
        var golden = GoldenCase.Load(name);
        var given = TraceCase.Read(golden.FilePath);
        var (model, graph) = (given.Model(), given.Graph());
        var session = new Session(model, graph, given.Matrix(golden.IsNetwork ? "H0" : "H_prev")) { WantsFeatureGradient = true };
        // Twice: the second pass finds the buffers as the first one left them.
        Matrix input = default;
        for (int pass = 0; pass < 2; pass++)
        {
            var output = session.Forward(new Pass(Seed: 1, Step: pass, Training: true));
            model.ClearGradients();
            input = session.Backward(Upstream(output));
            CheckOutput(output);
        }

        golden.Check(golden.IsNetwork ? "l1_dH_prev" : "dH_prev", input.ToArray());
        int compared = 0, number = 0;
        foreach (var layer in model.Layers)
        {
            number++;
            foreach (var parameter in layer.Parameters)
            {
                string array = $"{(golden.IsNetwork ? $"l{number}_" : "")}d{parameter.Name}";
                golden.Check(array, golden.InGoldenOrder(array, LayerRun.ToArray(parameter.Gradient)));
                compared++;
            }
        }
        Assert.True(compared > 0);

        void CheckOutput(Matrix output)
        {
            // A case that ends in a softmax has its logits under the name of the mean over the heads, or of the last sum.
            string prefix = golden.IsNetwork ? $"l{model.Layers.Count}_" : "";
            string array = !golden.Has("labels") ? "H" : golden.Has(prefix + "Zbar") ? prefix + "Zbar" : prefix + "Z";
            golden.Check(array, output.ToArray());
        }

        Matrix Upstream(Matrix output)
        {
            if (!golden.Has("labels")) return given.Matrix("dH");
            var dLogits = Matrix.Allocate(output.Rows, output.Columns);
            double loss = new CrossEntropy().Evaluate(output, CaseTrace.Target(given, graph, output.Columns), dLogits);
            golden.Check("loss", [loss]);
            return dLogits;
        }
    }
}
