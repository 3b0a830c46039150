using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// SUMMA with a stationary result on a grid of any shape: T(I_i, F_j) = Σ_s M(I_i, s)·X(s, F_j). The inner nodes are cut wherever a
/// row piece of X or a column piece of M ends, so a stage s has one owner of X(s, ·) in each column of processes and one of
/// M(·, s) in each row: both broadcast it.
/// </summary>
internal sealed class SummaStages
{
    private readonly ICommunicator rowGroup, columnGroup;
    private readonly Workspace buffers = new();
    private readonly Stage[] stages;
    private readonly Side forward, backward;
    private readonly long rows;

    /// <param name="rowGroup">Processes (i, ·): they share the rows of M.</param>
    /// <param name="columnGroup">Processes (·, j): they share the columns of X.</param>
    /// <param name="graph">The whole graph.</param>
    /// <param name="rows">Rows I_i of the result.</param>
    /// <param name="inner">Rows of X that each member of a column owns: the inner nodes, ascending.</param>
    public SummaStages(ICommunicator rowGroup, ICommunicator columnGroup, Graph graph, (long First, long Count) rows, (long First, long Count)[] inner)
    {
        (this.rowGroup, this.columnGroup, this.rows) = (rowGroup, columnGroup, rows.Count);
        stages = [.. Stages(inner, rowGroup.Size)];
        forward = new Side(SparseBlock.Cut(graph.ByDestination, graph.Weights, rows, Array.ConvertAll(stages, s => (s.First, s.Count))), IsMine);
        backward = new Side(SparseBlock.Cut(graph.BySource, graph.Weights, rows, Array.ConvertAll(stages, s => (s.First, s.Count))), IsMine);
    }

    /// <summary>T = M(I_i, inner)·X(inner, F_j), or with Mᵀ.</summary>
    /// <param name="transposed">True for Mᵀ.</param>
    /// <param name="X">Own rows of X, in the own columns.</param>
    /// <param name="T">[I_i, F_j]</param>
    public void Multiply(bool transposed, Matrix X, Matrix T)
    {
        T.Clear();
        var side = transposed ? backward : forward;
        for (int s = 0; s < stages.Length; s++)
        {
            var stage = stages[s];
            var block = SparseBlock.Broadcast(rowGroup, stage.MatrixOwner, side.Blocks[s], (rows, stage.Count, side.Entries[s]));
            bool own = stage.RowOwner == columnGroup.Rank;
            var x = own ? X.RowRange(stage.Offset, stage.Count) : buffers.Take(0, "stage", stage.Count, X.Columns);
            if (columnGroup.Size > 1 && x.Count > 0) columnGroup.Broadcast(x, stage.RowOwner);
            block.MultiplyAdd(x, T);
        }
    }

    private bool IsMine(int s) => stages[s].MatrixOwner == rowGroup.Rank;

    private static IEnumerable<Stage> Stages((long First, long Count)[] inner, int columns)
    {
        long total = inner.Sum(piece => piece.Count), start = 0;
        for (int i = 0; i < inner.Length; start += inner[i++].Count)
            for (long at = start, end; at < start + inner[i].Count; at = end)
            {
                int owner = Placement.PieceOf(total, columns, at);
                var (first, count) = Placement.Cut(total, columns, owner);
                end = Math.Min(first + count, start + inner[i].Count);
                yield return new Stage(inner[i].First + at - start, end - at, i, at - start, owner);
            }
    }

    /// <param name="First">First node.</param>
    /// <param name="Count">Number of nodes.</param>
    /// <param name="RowOwner">Member of the column group that owns these rows of X.</param>
    /// <param name="Offset">Place of the first in the owner's rows.</param>
    /// <param name="MatrixOwner">Member of the row group that owns these columns of M.</param>
    private readonly record struct Stage(long First, long Count, int RowOwner, long Offset, int MatrixOwner);

    /// <summary>The blocks of a strip of M or A by stage: kept where they are owned, counted elsewhere.</summary>
    private sealed class Side(SparseBlock[] all, Func<int, bool> isMine)
    {
        public readonly long[] Entries = Array.ConvertAll(all, block => block.View.Count);
        public readonly SparseBlock?[] Blocks = [.. all.Select((block, s) => isMine(s) ? block : null)];
    }
}
