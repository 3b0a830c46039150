using Weft.Tests.Golden;

namespace Weft.Tests.Oracles;

/// <summary>The oracles against the golden vectors: whoever holds the library to an oracle may ask who holds the oracle.</summary>
public class GoldenOracleTests
{
    public static TheoryData<string> Layers() =>
        [.. GoldenCase.Names.Where(name => GoldenCase.Load(name) is { IsNetwork: false, Layer: not ("losses" or "optimisers") })];

    public static TheoryData<string> Networks() => [.. GoldenCase.Names.Where(name => GoldenCase.Load(name).IsNetwork)];

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_layers_oracle_agrees_with_every_golden_array_that_it_names(string name)
    {
        var golden = GoldenCase.Load(name);
        var graph = golden.Graph();
        var oracle = Oracle(golden);
        var H = golden["H_prev"].Matrix;
        var parameters = golden.Parameters();
        double[,] dH;
        if (golden.Has("labels"))
        {
            var logits = oracle.Run(graph, H, parameters, new double[0, 0]).Output;
            var (loss, dZ) = LossOracles.CrossEntropy(logits, golden["labels"].Integers, golden["mask"].Booleans);
            golden.Check("loss", [loss], 8);
            dH = dZ;
        }
        else dH = golden["dH"].Matrix;

        var result = oracle.Run(graph, H, parameters, dH);
        if (!golden.Has("labels")) golden.Check("H", [.. result.Output.Cast<double>()], 8);
        int compared = CheckGradients(golden, "", "dH_prev", result);
        Assert.True(compared >= 4, $"{name}: only {compared} arrays were compared");
    }

    [Fact]
    public void The_normalised_adjacency_has_the_golden_entries()
    {
        foreach (string name in GoldenCase.Names.Where(name => GoldenCase.Load(name).Layer == "gcn"))
        {
            var golden = GoldenCase.Load(name);
            var graph = golden.Graph();
            var A = new GcnOracle(golden.Flag("add_self_loops"), OracleActivation.Identity).NormalisedAdjacency(graph);
            int[] source = golden["norm_src"].Integers, destination = golden["norm_dst"].Integers;
            for (int p = 0; p < source.Length; p++) A[destination[p], source[p]] -= golden["norm_weight"].Values[p];
            Assert.All(A.Cast<double>(), rest => Assert.Equal(0, rest, 1e-12));
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Two_oracles_a_loss_and_Adam_make_the_golden_training_step(string name)
    {
        var golden = GoldenCase.Load(name);
        var graph = golden.Graph();
        bool gcn = golden.Layer == "gcn";
        IOracle hidden = gcn ? new GcnOracle(true, new OracleActivation("relu")) : Attention(golden, average: false, new OracleActivation("elu"));
        IOracle last = gcn ? new GcnOracle(true, OracleActivation.Identity) : Attention(golden, average: true, OracleActivation.Identity);
        Dictionary<string, double[,]> l1 = golden.Parameters("l1_"), l2 = golden.Parameters("l2_");
        var (loss, _, first, second) = Step(hidden, last, graph, golden, l1, l2);
        golden.Check("loss", [loss], 8);
        CheckGradients(golden, "l1_", "l1_dH_prev", first);
        CheckGradients(golden, "l2_", gcn ? "l1_dH" : "l2_dH_prev", second);

        double[] hyper = golden["adam_hyper"].Values;
        var adam = new AdamOracle(hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]);
        foreach (var (prefix, parameters, result) in new[] { ("l1_", l1, first), ("l2_", l2, second) })
            foreach (var (parameter, w) in parameters)
            {
                adam.Step(prefix + parameter, w, result.Gradients[parameter]);
                string array = $"{prefix}{parameter}_adam";
                golden.Check(array, golden.InGoldenOrder(array, w), 8);
            }
        golden.Check("loss_after", [Step(hidden, last, graph, golden, l1, l2).Loss], 8);
    }

    [Fact]
    public void The_losses_agree()
    {
        var golden = GoldenCase.Load("losses");
        bool[] mask = golden["mask"].Booleans;
        var ce = LossOracles.CrossEntropy(golden["ce_logits"].Matrix, golden["labels"].Integers, mask);
        var bce = LossOracles.Logistic(golden["bce_logits"].Matrix, golden["bce_targets"].Matrix, mask);
        var mse = LossOracles.SquaredError(golden["mse_pred"].Matrix, golden["mse_target"].Matrix, mask);
        golden.Check("ce_loss", [ce.Loss], 8);
        golden.Check("ce_dlogits", [.. ce.Gradient.Cast<double>()], 8);
        golden.Check("bce_loss", [bce.Loss], 8);
        golden.Check("bce_dlogits", [.. bce.Gradient.Cast<double>()], 8);
        golden.Check("mse_loss", [mse.Loss], 8);
        golden.Check("mse_dpred", [.. mse.Gradient.Cast<double>()], 8);
    }

    [Fact]
    public void The_optimisers_agree_after_every_step()
    {
        var golden = GoldenCase.Load("optimisers");
        double[] Hyper(string name) => golden[name + "_hyper"].Values;
        OptimiserOracle Adam(string name, bool decoupled = false) =>
            new AdamOracle(Hyper(name)[0], Hyper(name)[1], Hyper(name)[2], Hyper(name)[3], Hyper(name)[4], decoupled);
        var optimisers = new (string Name, OptimiserOracle Oracle)[]
        {
            ("sgd", new SgdOracle(Hyper("sgd")[0])),
            ("sgdm", new SgdOracle(Hyper("sgdm")[0], Hyper("sgdm")[1], Hyper("sgdm")[2])),
            ("nesterov", new SgdOracle(Hyper("nesterov")[0], Hyper("nesterov")[1], Hyper("nesterov")[2], nesterov: true)),
            ("adam", Adam("adam")),
            ("adam_l2", Adam("adam_l2")),
            ("adamw", Adam("adamw", decoupled: true)),
            ("lars", new LarsOracle(Hyper("lars")[0], Hyper("lars")[1], Hyper("lars")[2], Hyper("lars")[3])),
        };
        var grads = golden["grads"];
        int steps = grads.Shape[0], rows = grads.Shape[1], columns = grads.Shape[2];
        foreach (var (name, oracle) in optimisers)
        {
            var w = golden["w0"].Matrix;
            var all = new List<double>();
            for (int t = 0; t < steps; t++)
            {
                var g = new double[rows, columns];
                for (int i = 0; i < rows; i++)
                    for (int j = 0; j < columns; j++) g[i, j] = grads.Values[(t * rows + i) * columns + j];
                oracle.Step("W", w, g);
                all.AddRange(w.Cast<double>());
            }
            golden.Check(name + "_w", all, 8);
        }
    }

    private static IOracle Oracle(GoldenCase golden)
    {
        var activation = new OracleActivation(golden.Text("activation", "identity") is var text && text == "softmax" ? "identity" : text);
        return golden.Layer switch
        {
            "gcn" => new GcnOracle(golden.Flag("add_self_loops"), activation),
            "gatv1" or "gatv2" => Attention(golden, golden.Text("mode", "concat") != "concat", activation),
            "self_attention" => new SelfAttentionOracle(golden["W_Q"].Shape[0], golden["scale"].Scalar, golden.Flag("masked"), activation),
            "gin" => new GinOracle(new OracleActivation(golden.Text("mlp_activation", "relu")), activation),
            "sage_mean" => new SageOracle(activation),
            _ => throw new ArgumentException($"no oracle for the layer {golden.Layer}"),
        };
    }

    private static IOracle Attention(GoldenCase golden, bool average, OracleActivation activation)
    {
        double slope = golden["slope"].Scalar;
        return golden.Layer == "gatv1" ? new GatOracle(slope, average, activation) : new GatV2Oracle(slope, average, activation);
    }

    private static int CheckGradients(GoldenCase golden, string prefix, string inputGradient, OracleResult result)
    {
        golden.Check(inputGradient, [.. result.InputGradient.Cast<double>()], 8);
        int compared = 1;
        foreach (var (name, gradient) in result.Gradients)
        {
            string array = $"{prefix}d{name}";
            golden.Check(array, golden.InGoldenOrder(array, gradient), 8);
            compared++;
        }
        foreach (var (name, values) in result.Values)
            if (golden.Has(prefix + name))
            {
                golden.Check(prefix + name, values, 8);
                compared++;
            }
        foreach (var (name, values) in result.ValueGradients)
        {
            // The golden dX of GATv1 and GCN, dX_src … are whole gradients, as the tape's are; dP is called Delta.
            string array = prefix + (name == "P" ? "Delta" : "d" + name);
            if (golden.Has(array))
            {
                golden.Check(array, values, 8);
                compared++;
            }
        }
        return compared;
    }

    private static (double Loss, double[,] Logits, OracleResult First, OracleResult Second) Step(
        IOracle hidden, IOracle last, OracleGraph graph, GoldenCase golden, Dictionary<string, double[,]> l1, Dictionary<string, double[,]> l2)
    {
        var none = new double[0, 0];
        var H0 = golden["H0"].Matrix;
        var H1 = hidden.Run(graph, H0, l1, none).Output;
        var logits = last.Run(graph, H1, l2, none).Output;
        var (loss, dZ) = LossOracles.CrossEntropy(logits, golden["labels"].Integers, golden["mask"].Booleans);
        var second = last.Run(graph, H1, l2, dZ);
        return (loss, logits, hidden.Run(graph, H0, l1, second.InputGradient), second);
    }
}
