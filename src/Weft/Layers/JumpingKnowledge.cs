using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>How jumping knowledge combines the outputs of layers.</summary>
public enum Jumping
{
    /// <summary>Side by side, the first layer's columns first.</summary>
    Concatenate,

    /// <summary>The largest of each column.</summary>
    Max,

    /// <summary>Their sum.</summary>
    Sum,
}

/// <summary>Jumping knowledge: H^L = [H¹ ‖ … ‖ H^L], max_l H^l or Σ_l H^l, over the outputs of earlier layers and the layer's own input, the last of them.</summary>
/// <remarks>
/// Xu et al. 2018. Where several layers have the largest value, the gradient goes to the first of them. Under sampled blocks earlier
/// outputs have more rows, of which the first are those of the input's nodes.
/// </remarks>
public sealed class JumpingKnowledge : ILayer
{
    private readonly Jumping mode;
    private readonly long[] widths;

    /// <summary>A layer that reads the outputs of these layers.</summary>
    /// <param name="mode">How they are combined.</param>
    /// <param name="from">Their numbers in the model's list, first to last; without the layer right before this one, which is its input.</param>
    /// <param name="widths">Columns of their outputs.</param>
    /// <exception cref="ArgumentException">There is not one width per layer.</exception>
    public JumpingKnowledge(Jumping mode, IReadOnlyList<int> from, IReadOnlyList<long> widths)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(widths);
        if (from.Count != widths.Count) throw new ArgumentException($"{widths.Count} widths for {from.Count} layers; each layer has one");
        this.mode = mode;
        this.widths = [.. widths];
        Joins = [.. from];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public IReadOnlyList<int> Joins { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A maximum or a sum is taken over layers of different widths.</exception>
    public long Outputs(long inputs)
    {
        if (mode == Jumping.Concatenate) return inputs + widths.Sum();
        foreach (long width in widths)
            if (width != inputs) throw new ArgumentException($"jumping knowledge by {(mode == Jumping.Max ? "maximum" : "sum")} takes layers of one width; there are {width} and {inputs} columns: concatenate them");
        return inputs;
    }

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (H.IsSparse) throw new ArgumentException("jumping knowledge takes dense rows; put a layer with weights before it");
        var result = saved.Take("H", H.Rows, Outputs(H.Columns));
        long at = 0;
        for (int k = 0; k <= widths.Length; k++)
        {
            var part = k < widths.Length ? Joined(saved, k, H.Rows) : H.Dense;
            if (mode == Jumping.Concatenate) part.CopyTo(result.ColumnRange(at, part.Columns)); // H′ = [H¹ ‖ … ‖ H^L]
            else if (k == 0) part.CopyTo(result);
            else if (mode == Jumping.Max) Elementwise.Max(result, part, result);   // H′ = max_l H^l
            else Elementwise.Add(result, part, result);                            // H′ = Σ_l H^l
            at += part.Columns;
        }
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        long at = 0, n = dH.Rows;
        for (int k = 0; k < widths.Length; k++)
        {
            if (mode == Jumping.Max)
            {
                // The first layer that reaches the maximum takes the gradient away: what is left is for those after it.
                var (below, taken) = (saved.Temporary("below", n, dH.Columns), saved.Temporary("taken", n, dH.Columns));
                Elementwise.Subtract(Joined(saved, k, n), saved["H"], below);
                Elementwise.WhereNotNegative(dH, below, taken);                // dH^l = dH where H^l = H, else 0
                Elementwise.Subtract(dH, taken, dH);
                saved.GiveBack(k, taken);
            }
            else saved.GiveBack(k, mode == Jumping.Concatenate ? dH.ColumnRange(at, widths[k]) : dH); // dH^l = the columns of H^l, or all of dH
            at += widths[k];
        }
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", n, saved.Input.Columns);
        (mode == Jumping.Concatenate ? dH.ColumnRange(at, saved.Input.Columns) : dH).CopyTo(dH_prev);
        return dH_prev;
    }

    private static Matrix Joined(Saved saved, int k, long rows) =>
        saved.Joined[k].IsSparse ? throw new ArgumentException("jumping knowledge takes dense rows, not the sparse features") : saved.Joined[k].Dense.Top(rows);

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("H", "H", "H", mode switch { Jumping.Concatenate => "[H¹ ‖ … ‖ H^L]", Jumping.Max => "max_l H^l", _ => "Σ_l H^l" }),
        new("dH_prev", "dH_prev", "δ^{l−1}", mode switch { Jumping.Concatenate => "the columns of H^L", Jumping.Max => "dH where H^L alone is largest", _ => "dH" }),
    ];
}
