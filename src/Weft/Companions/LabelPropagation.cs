using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Companions;

/// <summary>Which of the two classical rules labels move by.</summary>
public enum LabelRule
{
    /// <summary>F ← α·S·F + (1 − α)·Y with S = D^{-1/2}·A·D^{-1/2}: Zhou et al. 2004, local and global consistency.</summary>
    Spreading,

    /// <summary>F ← D⁻¹·A·F with the rows of known labels put back after each step: Zhu and Ghahramani 2002.</summary>
    Clamping,
}

/// <summary>How labels move.</summary>
public sealed record LabelPropagationSettings
{
    /// <summary>The rule.</summary>
    public LabelRule Rule { get; init; } = LabelRule.Spreading;

    /// <summary>α of spreading: the share of a node's scores that comes from its neighbours, in (0, 1).</summary>
    public double Alpha { get; init; } = 0.9;

    /// <summary>
    /// True to scale the scores of each class so that they sum to its share of the known labels: class mass normalisation of Zhu,
    /// Ghahramani and Lafferty 2003. With few labels on a large graph clamping needs it: one class takes nearly everything without.
    /// </summary>
    public bool NormalizeClassMass { get; init; }

    /// <summary>Most steps.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Steps end when no score changes by more than this, beside the largest score.</summary>
    public double Tolerance { get; init; } = 1e-6;
}

/// <summary>What propagation gave.</summary>
/// <param name="Scores">F, one row per node, [N, C]; nodes that no label reaches have the shares of the classes among known labels.</param>
/// <param name="Steps">Steps done.</param>
/// <param name="Change">Largest change of the last step, beside the largest score.</param>
/// <param name="Unreached">Nodes that no label reaches.</param>
public sealed record LabelPropagationResult(Matrix Scores, int Steps, double Change, int Unreached);

/// <summary>
/// Semi-supervised learning without features and without training: labels of some nodes flow along the edges until nothing changes.
/// The baseline that a graph network has to beat, from the same sparse product.
/// </summary>
/// <remarks>
/// Spreading converges to F = (1 − α)·(I − α·S)⁻¹·Y where α·S shrinks, as it does on an undirected graph; each step is one product of the
/// graph with an [N, C] matrix.
/// </remarks>
public static class LabelPropagation
{
    /// <summary>Lets labels flow along the edges.</summary>
    /// <param name="graph">A graph on one process whose weights are not negative; nodes receive from their in-neighbours.</param>
    /// <param name="labels">Class of each node, 0 … classes − 1; read where <paramref name="known"/> is true; [N].</param>
    /// <param name="known">The nodes whose labels are given, [N].</param>
    /// <param name="classes">C</param>
    /// <param name="settings">The rule, α, and when to stop.</param>
    /// <param name="cancellation">Ends the work between two steps.</param>
    /// <exception cref="ArgumentException">Lengths differ, a known label is no class, no label is known, a weight is negative, or a setting is impossible.</exception>
    public static LabelPropagationResult Run(Graph graph, int[] labels, bool[] known, int classes, LabelPropagationSettings? settings = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(known);
        settings ??= new();
        Check(graph, labels, known, classes, settings);
        long n = graph.OwnedDestinations;
        Matrix Y = Matrix.Allocate(n, classes), F = Matrix.Allocate(n, classes), next = Matrix.Allocate(n, classes);
        for (int i = 0; i < n; i++)
            if (known[i]) Y[i, labels[i]] = 1;
        Y.CopyTo(F);
        bool spreads = settings.Rule == LabelRule.Spreading;
        var S = spreads ? graph.Normalized(addLoops: false) : graph;
        var w = spreads ? S.Weights : RowShares(graph);
        int steps = 0;
        double change = double.PositiveInfinity;
        while (steps < settings.Steps && change > settings.Tolerance)
        {
            cancellation.ThrowIfCancellationRequested();
            S.Aggregate(w, F, next);                                           // S·F
            if (spreads)
            {
                Elementwise.Scale(next, settings.Alpha, next);                 // α·S·F
                Elementwise.AddScaled(next, 1 - settings.Alpha, Y, next);      //       + (1 − α)·Y
            }
            else
                for (int i = 0; i < n; i++)
                    if (known[i]) Y.Row(i).CopyTo(next.Row(i));
            change = LargestChange(F, next);
            (F, next) = (next, F);
            steps++;
        }
        if (settings.NormalizeClassMass) NormalizeMass(F, Shares(Y));
        int unreached = FillUnreached(F, Shares(Y));
        return new(F, steps, change, unreached);
    }

    /// <summary>w_e over the sum of the weights into its destination; with weight 1, 1/n_i.</summary>
    private static Matrix RowShares(Graph graph)
    {
        if (graph.Weights.IsMissing) return graph.MeanWeights;
        Matrix ones = Matrix.Allocate(graph.OwnedSources, 1), sums = Matrix.Allocate(graph.OwnedDestinations, 1), shares = Matrix.Allocate(graph.Edges, 1);
        ones.Fill(1);
        graph.Aggregate(graph.Weights, ones, sums);
        var view = graph.ByDestination;
        for (long i = 0; i < view.Rows; i++)
            for (long e = view.Pointers[i]; e < view.Pointers[i + 1]; e++) shares[e, 0] = sums[i, 0] > 0 ? graph.Weights[e, 0] / sums[i, 0] : 0;
        return shares;
    }

    private static double LargestChange(Matrix F, Matrix next)
    {
        double change = 0, largest = 0;
        for (long i = 0; i < F.Rows; i++)
        {
            Span<Real> before = F.Row(i), now = next.Row(i);
            for (int c = 0; c < now.Length; c++)
            {
                change = Math.Max(change, Math.Abs((double)now[c] - before[c]));
                largest = Math.Max(largest, Math.Abs((double)now[c]));
            }
        }
        return largest > 0 ? change / largest : 0;
    }

    /// <summary>Share of each class among the known labels, [C].</summary>
    private static double[] Shares(Matrix Y)
    {
        var shares = new double[Y.Columns];
        double count = 0;
        for (long i = 0; i < Y.Rows; i++)
            for (int c = 0; c < shares.Length; c++) (shares[c], count) = (shares[c] + Y[i, c], count + Y[i, c]);
        for (int c = 0; c < shares.Length; c++) shares[c] /= count;
        return shares;
    }

    // F_ic ← F_ic · share_c / Σ_i F_ic
    private static void NormalizeMass(Matrix F, double[] shares)
    {
        var mass = new double[shares.Length];
        for (long i = 0; i < F.Rows; i++)
            for (int c = 0; c < mass.Length; c++) mass[c] += F[i, c];
        for (long i = 0; i < F.Rows; i++)
            for (int c = 0; c < mass.Length; c++)
                if (mass[c] > 0) F[i, c] = (Real)(F[i, c] * shares[c] * F.Rows / mass[c]);
    }

    private static int FillUnreached(Matrix F, double[] shares)
    {
        int unreached = 0;
        for (long i = 0; i < F.Rows; i++)
        {
            var row = F.Row(i);
            if (row.ContainsAnyExcept((Real)0)) continue;
            for (int c = 0; c < shares.Length; c++) row[c] = (Real)shares[c];
            unreached++;
        }
        return unreached;
    }

    private static void Check(Graph graph, int[] labels, bool[] known, int classes, LabelPropagationSettings settings)
    {
        if (graph.Place.World.Size > 1) throw new NotSupportedException("label propagation works on one process: leave the launcher out");
        if (graph.OwnedSources != graph.OwnedDestinations) throw new ArgumentException("label propagation needs a whole graph, not a block");
        if (labels.Length != graph.OwnedDestinations || known.Length != labels.Length)
            throw new ArgumentException($"{labels.Length} labels and a mask of {known.Length} for {graph.OwnedDestinations} nodes: every node needs both");
        if (!known.Contains(true)) throw new ArgumentException("no label is known: there is nothing to propagate");
        for (int i = 0; i < labels.Length; i++)
            if (known[i] && (uint)labels[i] >= (uint)classes) throw new ArgumentException($"node {i} has the known label {labels[i]}; labels are 0 … {classes - 1}");
        for (long e = 0; e < (graph.Weights.IsMissing ? 0 : graph.Edges); e++)
            if (!(graph.Weights[e, 0] >= 0)) throw new ArgumentException($"edge {graph.EdgeIds[e]} has the weight {graph.Weights[e, 0]}; labels flow along weights of at least 0");
        if (settings.Rule == LabelRule.Spreading && !(settings.Alpha is > 0 and < 1)) throw new ArgumentException($"alpha is {settings.Alpha}; a number between 0 and 1 was expected");
        if (settings.Steps < 1) throw new ArgumentException($"steps is {settings.Steps}; at least 1 was expected");
    }
}
