using Weft.Communication;
using Weft.Distributed;
using Weft.Distributed.Cagnet;
using Weft.Distributed.Words;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.DistributedBenchmarks;

/// <summary>One rank's part of a training run.</summary>
internal abstract class Work
{
    protected const double Rate = 0.01;

    /// <summary>One epoch; returns the loss before it.</summary>
    public abstract double Epoch();

    /// <summary>What the closed formula says that this rank receives in each layer of a warm epoch.</summary>
    public abstract LayerTraffic[] Formula(int rank);

    public static Work Start(Problem problem, Options options, ICommunicator world) =>
        options.Algorithm == "grid" ? new GridWork(problem, options, world) : new CagnetWork(problem, options, world);
}

/// <summary>A network on one of CAGNET's schemes.</summary>
internal sealed class CagnetWork : Work
{
    private readonly Problem problem;
    private readonly Options options;
    private readonly CagnetNetwork network;

    public CagnetWork(Problem problem, Options options, ICommunicator world)
    {
        (this.problem, this.options) = (problem, options);
        var grid = options.Grid;
        CagnetScheme scheme = options.Algorithm switch
        {
            "1d" => new Broadcast1D(world, problem.Normalized),
            "1.5d" => new Replicated15D(world, problem.Normalized, options.Copies),
            "2d" => new Summa2D(world, problem.Normalized, grid.Rows, grid.Columns),
            _ => new Split3D(world, problem.Normalized, grid.Rows, grid.Columns, grid.Depth),
        };
        network = new CagnetNetwork(scheme, scheme.Cut(problem.Features), problem.Labels, problem.Widths, Activation.Relu, seed: 1);
    }

    public override double Epoch() => network.Step(Rate);

    public override LayerTraffic[] Formula(int rank) => [.. problem.Widths.Zip(problem.Widths.Skip(1), (a, b) => options.Algorithm switch
    {
        "1d" => CagnetWords.Broadcast1D(options.Ranks, rank, problem.Nodes, a, b),
        "1.5d" => CagnetWords.Replicated15D(options.Ranks, options.Copies, rank, problem.Nodes, a, b),
        "2d" => CagnetWords.Summa2D(options.Grid.Rows, options.Grid.Columns, rank, problem.Nodes, a, b, CagnetWords.Of(problem.Normalized)),
        _ => CagnetWords.Split3D(options.Grid.Rows, options.Grid.Columns, options.Grid.Depth, rank, problem.Nodes, a, b, CagnetWords.Of(problem.Normalized)),
    })];
}

/// <summary>The layers of Weft on a process grid.</summary>
internal sealed class GridWork : Work
{
    private readonly Problem problem;
    private readonly ProcessGrid grid;
    private readonly NodeParts parts;
    private readonly bool halo;
    private readonly Model model;
    private readonly Session session;
    private readonly LossTarget target;
    private readonly Matrix dLogits;
    private int step;

    public GridWork(Problem problem, Options options, ICommunicator world)
    {
        (this.problem, halo) = (problem, options.Halo);
        grid = new ProcessGrid(options.Grid.Rows, options.Grid.Columns, options.Grid.Depth);
        parts = problem.Parts ?? NodeParts.Balanced(grid, problem.Nodes);
        var graph = grid.Distribute(world, parts, problem.Edges.Source, problem.Edges.Destination, problem.Edges.Weight,
            new DistributionOptions { Exchange = halo ? ExchangeKind.Halo : ExchangeKind.Dense });
        var (first, count) = parts.Of(world.Rank);
        var widths = problem.Widths;
        model = new Model(Enumerable.Range(0, widths.Length - 1).Select(l =>
            new Gcn(widths[l], widths[l + 1], bias: false, l + 2 < widths.Length ? Activation.Relu : Activation.Identity)));
        model.Initialize(seed: 1);
        session = new Session(model, graph, problem.Features.RowRange(first, count));
        int[] labels = problem.Labels.AsSpan((int)first, (int)count).ToArray();
        target = LossTarget.FromLabels(graph, labels, [.. labels.Select(_ => true)]);
        dLogits = Matrix.Allocate(count, widths[^1]);
    }

    public override double Epoch()
    {
        model.ClearGradients();
        var logits = session.Forward(new Pass(Seed: 1, step++, Training: true));
        double loss = new CrossEntropy().Evaluate(logits, target, dLogits);
        session.Backward(dLogits);
        foreach (var (_, parameter) in model.Parameters) Elementwise.AddScaled(parameter.Value, -Rate, parameter.Gradient, parameter.Value);
        return loss;
    }

    public override LayerTraffic[] Formula(int rank)
    {
        var halos = halo ? HaloCounts.OfAll(grid, parts, problem.Edges.Source, problem.Edges.Destination, addLoops: true) : null;
        return [.. problem.Widths.Zip(problem.Widths.Skip(1), (a, b) => (a, b)).Select((width, l) =>
            ExpandFold.Of(new LayerShape("gcn", width.a, width.b) { Bias = false, ConstantInput = l == 0 }, grid, parts, rank, halos?[rank]))];
    }
}
