using Weft.Links;
using Weft.Memory;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Links;

/// <summary>What holds for layers holds for decoders: their formula, their gradient, their adjoint, the same bits on any number of threads.</summary>
public class DecoderLaws
{
    private const int Width = 5, Hidden = 7;

    /// <summary>Decoders; the last forms its pairs in chunks of eight, or as many as there are nodes.</summary>
    private static readonly (string Name, string Formula, Func<LinkDecoder> Create)[] Decoders =
    [
        ("dot", "dot", () => LinkDecoder.Create("dot", Width, Hidden)),
        ("bilinear", "bilinear", () => LinkDecoder.Create("bilinear", Width, Hidden)),
        ("mlp", "mlp", () => LinkDecoder.Create("mlp", Width, Hidden)),
        ("mlp in chunks", "mlp", () => new MlpDecoder(Width, Hidden, leastChunk: 8)),
    ];

    public static TheoryData<string> Cases => [.. Decoders.Select(d => d.Name)];

    private static (string Name, string Formula, Func<LinkDecoder> Create) Named(string name) => Decoders.Single(d => d.Name == name);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_decoder_is_its_formula_and_its_gradients_are_those_of_the_formula(string name)
    {
        foreach (var graph in new[] { TestGraphs.Single, TestGraphs.SingleWithLoops, TestGraphs.Seven, TestGraphs.Forty, TestGraphs.ThreeHundred })
        {
            var (_, formula, create) = Named(name);
            var run = new Run(create(), graph);
            var expected = DecoderOracles.Run(formula, run.H, graph.Source, graph.Destination, run.Parameters, run.dz);
            string where = $"{name} on {graph}: ";
            Closeness.Check(where + "z", expected.Logits, run.Forward());
            var (dH, gradients) = run.Backward();
            Closeness.Check(where + "dH", expected.EmbeddingGradient, dH);
            Assert.Equal(expected.Gradients.Keys.Order(), gradients.Keys.Order());
            foreach (var (parameter, gradient) in expected.Gradients) Closeness.Check($"{where}d{parameter}", gradient, gradients[parameter]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_gradient_is_the_central_difference_of_the_logits(string name)
    {
        const double Step = 1e-6;
        var graph = TestGraphs.Seven;
        var (_, formula, create) = Named(name);
        var run = new Run(create(), graph);
        run.Forward();
        var (dH, gradients) = run.Backward();
        Compare("H", run.H, dH);
        foreach (var (parameter, values) in run.Parameters) Compare(parameter, values, gradients[parameter]);

        // In single precision a difference of the library's own logits says little: there it is of the formula's.
        double Loss()
        {
            var z = sizeof(Real) == 8 ? run.Forward() : DecoderOracles.Run(formula, run.H, graph.Source, graph.Destination, run.Parameters, null).Logits;
            double sum = 0;
            for (int e = 0; e < graph.Edges; e++) sum += run.dz[e, 0] * z[e, 0];
            return sum;
        }

        void Compare(string what, double[,] x, double[,] gradient)
        {
            var differences = new double[x.GetLength(0), x.GetLength(1)];
            for (int i = 0; i < x.GetLength(0); i++)
                for (int j = 0; j < x.GetLength(1); j++)
                {
                    double kept = x[i, j];
                    x[i, j] = kept + Step;
                    double above = Loss();
                    x[i, j] = kept - Step;
                    differences[i, j] = (above - Loss()) / (2 * Step);
                    x[i, j] = kept;
                }
            Closeness.Check($"{name}: d{what}", differences, gradient, 1, sizeof(Real) == 8 ? 1e-8 : Closeness.Relative);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_and_gradients_have_the_same_bits_for_any_number_of_threads(string name)
    {
        var graph = TestGraphs.Hub;
        var alone = All(1);
        foreach (int threads in new[] { 2, 3 })
            foreach (var (what, values) in All(threads)) Closeness.CheckBits($"{name}, {threads} threads: {what}", alone[what], values);

        Dictionary<string, double[,]> All(int threads)
        {
            var all = new Dictionary<string, double[,]>();
            TrainingStep.WithThreads(threads, () =>
            {
                var run = new Run(Named(name).Create(), graph);
                all["z"] = run.Forward();
                (all["H"], var gradients) = run.Backward();
                foreach (var (parameter, gradient) in gradients) all[parameter] = gradient;
            });
            return all;
        }
    }

    [Fact]
    public void Parameters_gather_gradients_and_other_pairs_can_be_put_into_the_same_views()
    {
        var run = new Run(LinkDecoder.Create("bilinear", Width, Hidden), TestGraphs.Seven);
        run.Forward();
        var once = run.Backward().Gradients["W"];
        run.Forward();
        var twice = run.Backward(clear: false).Gradients["W"];
        for (int i = 0; i < Width; i++)
            for (int j = 0; j < Width; j++) Assert.Equal(2 * once[i, j], twice[i, j], 5);

        var views = new PairViews(40, TestGraphs.Forty.Edges);
        foreach (bool turned in new[] { false, true })
        {
            var (source, target) = turned ? (TestGraphs.Forty.Destination, TestGraphs.Forty.Source) : (TestGraphs.Forty.Source, TestGraphs.Forty.Destination);
            source.CopyTo(views.Source, 0);
            target.CopyTo(views.Target, 0);
            views.Group();
            var H = LayerRun.ToMatrix(TestGraphs.Numbers(40, Width, 3));
            var z = Matrix.Allocate(views.Count, 1);
            var decoder = new BilinearDecoder(Width);
            LayerRun.ToMatrix(TestGraphs.Numbers(Width, Width, 5)).CopyTo(decoder.Parameters[0].Value);
            decoder.Forward(H, views, new Workspace(), z);
            var expected = DecoderOracles.Run("bilinear", LayerRun.ToArray(H), source, target, new Dictionary<string, double[,]> { ["W"] = LayerRun.ToArray(decoder.Parameters[0].Value) }, null);
            Closeness.Check($"turned round: {turned}", expected.Logits, LayerRun.ToArray(z));
        }
    }

    [Fact]
    public void A_bilinear_decoder_begins_as_the_inner_product()
    {
        var decoder = new BilinearDecoder(Width);
        decoder.Parameters[0].Initialize(4, 0);
        var views = new PairViews(40, new LinkPairs(TestGraphs.Forty.Source, TestGraphs.Forty.Destination));
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(40, Width, 3));
        var (z, dot) = (Matrix.Allocate(views.Count, 1), Matrix.Allocate(views.Count, 1));
        decoder.Forward(H, views, new Workspace(), z);
        new DotDecoder().Forward(H, views, new Workspace(), dot);
        Closeness.Check("z", LayerRun.ToArray(dot), LayerRun.ToArray(z));
    }

    [Fact]
    public void A_decoder_that_there_is_not_is_refused_with_those_that_there_are()
    {
        var problem = Assert.Throws<ArgumentException>(() => LinkDecoder.Create("cosine", 2, 2));
        Assert.Equal("there is no decoder 'cosine'; use one of dot, bilinear, mlp", problem.Message);
    }

    /// <summary>A decoder on the edges of a graph as pairs, in arrays of doubles.</summary>
    private sealed class Run
    {
        private readonly LinkDecoder decoder;
        private readonly PairViews views;
        private readonly Workspace workspace = new();

        public Run(LinkDecoder decoder, OracleGraph graph)
        {
            this.decoder = decoder;
            H = TestGraphs.Numbers(graph.Nodes, Width, 1);
            dz = TestGraphs.Numbers(graph.Edges, 1, 2);
            Parameters = decoder.Parameters.Select((p, n) => (p, n)).ToDictionary(x => x.p.Name, x => TestGraphs.Numbers((int)x.p.Value.Rows, (int)x.p.Value.Columns, 100 + x.n));
            views = new PairViews(graph.Nodes, new LinkPairs(graph.Source, graph.Destination));
        }

        public double[,] H { get; }

        public double[,] dz { get; }

        public Dictionary<string, double[,]> Parameters { get; }

        public double[,] Forward()
        {
            foreach (var parameter in decoder.Parameters) LayerRun.ToMatrix(Parameters[parameter.Name]).CopyTo(parameter.Value);
            var z = Matrix.Allocate(views.Count, 1);
            z.Fill(Real.NaN);
            decoder.Forward(LayerRun.ToMatrix(H), views, workspace, z);
            return LayerRun.ToArray(z);
        }

        public (double[,] dH, Dictionary<string, double[,]> Gradients) Backward(bool clear = true)
        {
            if (clear)
                foreach (var parameter in decoder.Parameters) parameter.Gradient.Clear();
            var dH = Matrix.Allocate(H.GetLength(0), Width);
            dH.Fill(Real.NaN);
            decoder.Backward(LayerRun.ToMatrix(H), views, LayerRun.ToMatrix(dz), workspace, dH);
            return (LayerRun.ToArray(dH), decoder.Parameters.ToDictionary(p => p.Name, p => LayerRun.ToArray(p.Gradient)));
        }
    }
}
