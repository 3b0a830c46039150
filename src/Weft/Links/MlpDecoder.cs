using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// z_p = ⟨a, max(0, (h_i ⊙ h_j)·W + b)⟩ + β for the pair p = (i, j): two layers over the entrywise product of the embeddings, the same for (i, j)
/// and (j, i).
/// </summary>
/// <remarks>
/// Rows of pairs are formed a chunk at a time and formed again in the adjoint: a chunk has as many pairs as there are nodes, and
/// at least 16,384, so that no buffer is larger than a few node matrices and its bounds depend on sizes alone.
/// </remarks>
internal sealed class MlpDecoder : LinkDecoder
{
    private const int LeastChunk = 16_384;

    private static readonly Activation Relu = new(ActivationKind.Relu);

    private readonly Parameter W, b, a, β;
    private readonly int leastChunk;

    /// <summary>A decoder of zeros.</summary>
    /// <param name="width">d</param>
    /// <param name="hidden">m</param>
    /// <param name="leastChunk">Fewest pairs in a chunk.</param>
    public MlpDecoder(long width, long hidden, int leastChunk = LeastChunk)
    {
        this.leastChunk = leastChunk;
        W = new Parameter("W", width, hidden, Initializer.Glorot);
        b = new Parameter("b", 1, hidden, Initializer.Zero);
        a = new Parameter("a", 1, hidden, Initializer.Glorot, fanIn: hidden, fanOut: 1);
        β = new Parameter("b_out", 1, 1, Initializer.Zero);
        Parameters = [W, b, a, β];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public override void Forward(Matrix H, PairViews pairs, Workspace workspace, Matrix z)
    {
        for (int first = 0, count; first < pairs.Count; first += count)
        {
            count = Chunk(pairs, first);
            var chunk = z.RowRange(first, count);
            var (_, U) = Hidden(H, pairs, first, count, workspace);
            HeadDot.Multiply(U, a.Value, chunk);                               // z = U·a + β
            Elementwise.AddBias(chunk, β.Value, chunk);
        }
    }

    /// <inheritdoc/>
    public override void Backward(Matrix H, PairViews pairs, Matrix dz, Workspace workspace, Matrix dH)
    {
        dH.Clear();
        var da = workspace.Take(Owner, "da", 1, a.Value.Columns);
        PairViews? part = null;
        for (int first = 0, count; first < pairs.Count; first += count)
        {
            count = Chunk(pairs, first);
            var (X, U) = Hidden(H, pairs, first, count, workspace);
            var dzChunk = dz.RowRange(first, count);
            Elementwise.ColumnSums(dzChunk, β.Gradient, accumulate: true);     // dβ = Σ_p dz_p
            HeadDot.AdjointA(U, dzChunk, da);                                  // da = Uᵀ·dz
            Elementwise.Add(a.Gradient, da, a.Gradient);
            var dU = workspace.Take(Owner, "dU", count, U.Columns);
            HeadDot.AdjointX(dzChunk, a.Value, dU);                            // dU = dz·aᵀ, over Z where U > 0
            Elementwise.Backward(new ActivationAdjoint(Relu, U, FromOutput: true, dU), dU, default);
            Elementwise.ColumnSums(dU, b.Gradient, accumulate: true);          // db = Σ_p dU_p
            Gemm.MultiplyTransposedLeft(X, dU, W.Gradient, accumulate: true);  // dW = Xᵀ·dU
            Gemm.MultiplyTransposedRight(dU, W.Value, X);                      // dX = dU·Wᵀ, over X
            var views = Part(pairs, first, count, ref part);
            var Y = workspace.Take(Owner, "Y", count, H.Columns);
            PairRows.Multiply(X, views.Source, H, Y);
            Spmm.Multiply(views.PairsByTarget, default, Y, dH, accumulate: true);  // dH_j += Σ_{p→j} dX_p ⊙ h_i
            PairRows.Multiply(X, views.Target, H, Y);
            Spmm.Multiply(views.PairsBySource, default, Y, dH, accumulate: true);  // dH_i += Σ_{p: i→} dX_p ⊙ h_j
        }
    }

    private (Matrix X, Matrix U) Hidden(Matrix H, PairViews pairs, int first, int count, Workspace workspace)
    {
        var X = workspace.Take(Owner, "X", count, H.Columns);
        PairRows.Products(pairs.Source.AsMemory(first, count), pairs.Target.AsMemory(first, count), H, X);  // X_p = h_i ⊙ h_j
        var U = workspace.Take(Owner, "U", count, W.Value.Columns);
        Gemm.Multiply(X, W.Value, b.Value, Relu, U);                           // U = max(0, X·W + 1 bᵀ)
        return (X, U);
    }

    private int Chunk(PairViews pairs, int first) => (int)Math.Min(Math.Max(leastChunk, pairs.Nodes), pairs.Count - first);

    // The pairs of a chunk, grouped; all pairs at once are grouped already.
    private static PairViews Part(PairViews pairs, int first, int count, ref PairViews? part)
    {
        if (count == pairs.Count) return pairs;
        if (part?.Count != count) part = new PairViews(pairs.Nodes, count);
        pairs.Source.AsSpan(first, count).CopyTo(part.Source);
        pairs.Target.AsSpan(first, count).CopyTo(part.Target);
        part.Group();
        return part;
    }
}
