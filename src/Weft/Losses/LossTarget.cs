using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>
/// What a loss compares a model's output with: a class or a row of numbers for each node that this process owns, and the mask
/// of the nodes that count. The number of masked nodes of all processes is summed once, here.
/// </summary>
/// <remarks>It keeps the partial sums of an evaluation, so one target serves one thread at a time.</remarks>
public sealed class LossTarget
{
    private LossTarget(Graph graph, int[]? labels, Matrix values, bool[] mask)
    {
        if (mask.Length != graph.OwnedDestinations)
            throw new ArgumentException($"the mask has {mask.Length} entries; the graph has {graph.OwnedDestinations} nodes here", nameof(mask));
        (Graph, Labels, Values, Mask) = (graph, labels, values, mask);
        Count = graph.SumOverNodes(mask.LongCount(m => m));
        Partials = new double[(mask.Length + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf];
    }

    /// <summary>One class per node.</summary>
    /// <param name="graph">The graph that the model runs on.</param>
    /// <param name="labels">Class of each node, 0 … C − 1; anything outside the mask; [N].</param>
    /// <param name="mask">True for the nodes that count, [N].</param>
    /// <exception cref="ArgumentException">The lengths differ, or a masked node has no class.</exception>
    public static LossTarget FromLabels(Graph graph, int[] labels, bool[] mask)
    {
        if (labels.Length != mask.Length)
            throw new ArgumentException($"{labels.Length} labels and a mask of {mask.Length} entries: every node needs both", nameof(labels));
        int largest = -1;
        for (int i = 0; i < labels.Length; i++)
        {
            if (!mask[i]) continue;
            if (labels[i] < 0) throw new ArgumentException($"node {i} is in the mask and has the label {labels[i]}; labels are 0 … C − 1", nameof(labels));
            largest = Math.Max(largest, labels[i]);
        }
        return new LossTarget(graph, labels, default, mask) { LargestLabel = largest };
    }

    /// <summary>A row of numbers per node: 0 or 1 for each of several labels, or values of a regression.</summary>
    /// <param name="graph">The graph that the model runs on.</param>
    /// <param name="values">[N, C]</param>
    /// <param name="mask">True for the nodes that count, [N].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static LossTarget FromValues(Graph graph, Matrix values, bool[] mask)
    {
        if (values.Rows != mask.Length)
            throw new ArgumentException($"{values.Rows} rows of targets and a mask of {mask.Length} entries: every node needs both", nameof(values));
        return new LossTarget(graph, null, values, mask);
    }

    /// <summary>The graph whose processes share the nodes.</summary>
    public Graph Graph { get; }

    /// <summary>Class of each node, [N]; null for a target of numbers.</summary>
    public int[]? Labels { get; }

    /// <summary>Numbers of each node, [N, C]; missing for a target of classes.</summary>
    public Matrix Values { get; }

    /// <summary>True for the nodes that count, [N].</summary>
    public bool[] Mask { get; }

    /// <summary>M, the number of masked nodes of all processes.</summary>
    public long Count { get; }

    internal int LargestLabel { get; private init; }

    /// <summary>What each node's loss weighs in the mean over the masked nodes, [N]; null where each weighs 1.</summary>
    internal double[]? Weights { get; private init; }

    /// <summary>The same target with a weight for each node's loss; the mean still divides by the number of masked nodes.</summary>
    internal LossTarget Weighted(double[] weights) => new(Graph, Labels, Values, Mask) { LargestLabel = LargestLabel, Weights = weights };

    /// <summary>The same target with every target value drawn by <paramref name="smoothing"/> towards 1/2: label smoothing of labels that are 0 or 1.</summary>
    internal LossTarget Smoothed(double smoothing)
    {
        var values = Matrix.Allocate(Values.Rows, Values.Columns);
        for (long i = 0; i < values.Rows; i++)
            for (long c = 0; c < values.Columns; c++) values[i, c] = (Real)(Values[i, c] + smoothing * (0.5 - Values[i, c]));
        return new(Graph, null, values, Mask) { Weights = Weights };
    }

    /// <summary>The same target, each node's loss weighing what its class weighs.</summary>
    /// <param name="byClass">Weight of each class.</param>
    internal LossTarget WeightedByClass(double[] byClass) => Weighted([.. Labels!.Select((y, i) => Mask[i] ? byClass[y] * (Weights?[i] ?? 1) : 0)]);

    /// <summary>One sum for each leaf of 256 rows.</summary>
    internal double[] Partials { get; }

    internal int[] LabelsFor(Matrix logits, string loss)
    {
        if (Labels is null) throw new ArgumentException($"the loss {loss} compares with classes; the target has numbers");
        if (LargestLabel >= logits.Columns)
            throw new ArgumentException($"a node has the label {LargestLabel}; the model gives {logits.Columns} outputs, so labels are 0 … {logits.Columns - 1}");
        return Labels;
    }

    internal Matrix ValuesFor(Matrix logits, string loss)
    {
        if (Labels is not null) throw new ArgumentException($"the loss {loss} compares with numbers; the target has classes");
        Shapes.Are(logits, Values.Rows, Values.Columns, "logits");
        return Values;
    }
}
