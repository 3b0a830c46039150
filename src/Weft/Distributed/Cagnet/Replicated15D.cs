using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// CAGNET's 1.5D scheme with a stationary A: P = R·c processes, the c in row i own the same rows of every node matrix; process
/// (i, j) multiplies with the j-th part of all blocks of rows, broadcast within its column, and the row adds the parts up.
/// </summary>
internal sealed class Replicated15D : CagnetScheme
{
    private readonly ICommunicator rowGroup, columnGroup;
    private readonly int copies, blockRows, firstBlock;
    private readonly SparseBlock[] forward, backward;

    /// <param name="world">All processes; process (i, j) has rank i·c + j.</param>
    /// <param name="graph">The whole graph.</param>
    /// <param name="copies">c: how many processes own the same rows. c divides P, and c² ≤ P.</param>
    /// <exception cref="ArgumentException">c does not fit P.</exception>
    public Replicated15D(ICommunicator world, Graph graph, int copies)
        : base(world, graph)
    {
        if (copies < 1 || world.Size % copies != 0 || world.Size / copies < copies)
            throw new ArgumentException($"{copies} copies on {world.Size} processes: the number of copies divides the number of processes, and its square is no larger");
        this.copies = copies;
        blockRows = world.Size / copies;
        int row = world.Rank / copies, column = world.Rank % copies;
        rowGroup = world.Split(row, column);
        columnGroup = NodeGroup = world.Split(column, row);
        (firstBlock, int blocks) = Placement.Cut(blockRows, copies, column);
        var strips = Enumerable.Range(firstBlock, blocks).Select(Strip).ToArray();
        forward = SparseBlock.Cut(graph.ByDestination, graph.Weights, Strip(row), strips);
        backward = SparseBlock.Cut(graph.BySource, graph.Weights, Strip(row), strips);
    }

    /// <inheritdoc/>
    public override Tile Owned(int rank, long width)
    {
        var (first, count) = Strip(rank / copies);
        return new Tile(first, count, 0, width);
    }

    /// <inheritdoc/>
    protected override void Propagate(bool transposed, Matrix X, long width, Matrix T)
    {
        T.Clear();
        for (int q = 0; q < forward.Length; q++)
        {
            int block = firstBlock + q;
            var rows = block == columnGroup.Rank ? X : Buffers.Take(0, "stage", Strip(block).Count, width);
            if (columnGroup.Size > 1) columnGroup.Broadcast(rows, block);
            (transposed ? backward : forward)[q].MultiplyAdd(rows, T);
        }
        if (copies > 1) rowGroup.AllReduce(T, Reduction.Sum);
    }

    private (long First, long Count) Strip(int block) => Placement.Cut(Nodes, blockRows, block);
}
