using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// CAGNET's 2D scheme with a stationary result: process (i, j) owns rows I_i of node matrices in features F_j, and block (i, j) of M
/// and of A; both operands travel (<see cref="SummaStages"/>).
/// </summary>
internal sealed class Summa2D : CagnetScheme
{
    private readonly int rows, columns;
    private readonly SummaStages stages;

    /// <param name="world">All processes; process (i, j) has rank i·columns + j.</param>
    /// <param name="graph">The whole graph.</param>
    /// <param name="rows">Pr</param>
    /// <param name="columns">Pc</param>
    /// <exception cref="ArgumentException">The grid does not fit the processes.</exception>
    public Summa2D(ICommunicator world, Graph graph, int rows, int columns)
        : base(world, graph)
    {
        if (rows < 1 || columns < 1 || rows * columns != world.Size)
            throw new ArgumentException($"a grid of {rows} × {columns} on {world.Size} processes: choose another grid");
        (this.rows, this.columns) = (rows, columns);
        int i = world.Rank / columns, j = world.Rank % columns;
        FeatureGroup = world.Split(i, j);
        NodeGroup = world.Split(j, i);
        stages = new SummaStages(FeatureGroup, NodeGroup, graph, Strip(i), [.. Enumerable.Range(0, rows).Select(Strip)]);
    }

    /// <inheritdoc/>
    public override Tile Owned(int rank, long width)
    {
        var (firstRow, count) = Strip(rank / columns);
        var (firstColumn, features) = Placement.Cut(width, columns, rank % columns);
        return new Tile(firstRow, count, firstColumn, features);
    }

    /// <inheritdoc/>
    protected override void Propagate(bool transposed, Matrix X, long width, Matrix T) => stages.Multiply(transposed, X, T);

    private (long First, long Count) Strip(int i) => Placement.Cut(Nodes, rows, i);
}
