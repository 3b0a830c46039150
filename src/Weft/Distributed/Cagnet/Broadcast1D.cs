using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// CAGNET's 1D scheme: process p owns rows R_p of every node matrix, and of M and A; in stage q process q broadcasts its rows and
/// everyone adds M(R_p, R_q)·H(R_q). One stage's rows are in memory beside the own ones.
/// </summary>
internal sealed class Broadcast1D : CagnetScheme
{
    private readonly ICommunicator world;
    private readonly SparseBlock[] forward, backward;

    /// <inheritdoc cref="CagnetScheme(ICommunicator, Graph)"/>
    public Broadcast1D(ICommunicator world, Graph graph)
        : base(world, graph)
    {
        this.world = NodeGroup = world;
        var strips = Enumerable.Range(0, world.Size).Select(q => Placement.Cut(Nodes, world.Size, q)).ToArray();
        forward = SparseBlock.Cut(graph.ByDestination, graph.Weights, strips[world.Rank], strips);
        backward = SparseBlock.Cut(graph.BySource, graph.Weights, strips[world.Rank], strips);
    }

    /// <inheritdoc/>
    public override Tile Owned(int rank, long width)
    {
        var (first, count) = Placement.Cut(Nodes, world.Size, rank);
        return new Tile(first, count, 0, width);
    }

    /// <inheritdoc/>
    protected override void Propagate(bool transposed, Matrix X, long width, Matrix T)
    {
        T.Clear();
        for (int q = 0; q < world.Size; q++)
        {
            var rows = q == world.Rank ? X : Buffers.Take(0, "stage", Owned(q, width).Rows, width);
            if (world.Size > 1) world.Broadcast(rows, q);
            (transposed ? backward : forward)[q].MultiplyAdd(rows, T);
        }
    }
}
