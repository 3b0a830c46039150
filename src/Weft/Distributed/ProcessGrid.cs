using Weft.Communication;
using Weft.Graphs;

namespace Weft.Distributed;

/// <summary>
/// Processes in a grid of rows × columns × channels: the rows of A are cut into so many pieces, its columns, and the heads (or
/// feature columns) of every node matrix. Alone is 1 × 1 × 1, "1D" P × 1 × 1, "2D" √P × √P × 1, "3D" ∛P × ∛P × ∛P.
/// </summary>
/// <remarks>
/// Process (i, j, k) has rank (i·Columns + j)·Channels + k. Nodes are cut into row pieces, each of these into column pieces, each
/// of these into channel pieces: contiguous, the remainder to the first. A process owns one of the smallest pieces of every node
/// matrix, with all its columns. Its block of A has the edges whose destination is in row piece i and whose source is in the j-th
/// column piece of any row piece; it works on channel k of them. So the members of a row of processes own just the rows that
/// their blocks end at, the members of a column those that they start from, and no vector is ever transposed.
/// </remarks>
public sealed record ProcessGrid
{
    /// <summary>A grid of processes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public ProcessGrid(int rows, int columns, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        (Rows, Columns, Channels) = (rows, columns, channels);
        Size = checked(rows * columns * channels);
    }

    /// <summary>Pieces into which the rows of A are cut.</summary>
    public int Rows { get; }

    /// <summary>Pieces into which the columns of A are cut.</summary>
    public int Columns { get; }

    /// <summary>Pieces into which heads, or feature columns, are cut.</summary>
    public int Channels { get; }

    /// <summary>Number of processes, P.</summary>
    public int Size { get; }

    /// <summary>A process's place in the grid.</summary>
    public (int Row, int Column, int Channel) PlaceOf(int rank) => (rank / (Columns * Channels), rank / Channels % Columns, rank % Channels);

    /// <summary>The rank of the process at a place in the grid.</summary>
    public int RankOf(int row, int column, int channel) => (row * Columns + column) * Channels + channel;

    /// <summary>The nodes that a process owns: a contiguous run.</summary>
    /// <exception cref="ArgumentException">There are fewer nodes than processes.</exception>
    public (long First, long Count) Owned(long nodes, int rank)
    {
        CheckNodes(nodes);
        var (i, j, k) = PlaceOf(rank);
        var rows = Placement.Cut(nodes, Rows, i);
        var piece = Placement.Cut(rows.Count, Columns, j);
        var (first, count) = Placement.Cut(piece.Count, Channels, k);
        return (rows.First + piece.First + first, count);
    }

    /// <summary>This process's part of a graph. A collective call: every process gives the same edge list.</summary>
    /// <param name="world">All processes of the grid.</param>
    /// <param name="nodes">Number of nodes of the whole graph, N.</param>
    /// <param name="source">Source of each edge of the whole graph.</param>
    /// <param name="destination">Destination of each edge.</param>
    /// <param name="weight">Weight of each edge, or nothing for weight 1.</param>
    /// <returns>A graph on which any layer computes this process's rows of what it computes on the whole graph.</returns>
    /// <exception cref="ArgumentException">The grid does not fit the processes or the nodes, or the edges are no graph.</exception>
    public Graph Distribute(ICommunicator world, long nodes, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight = default)
    {
        ArgumentNullException.ThrowIfNull(world);
        return Distribute(world, nodes, source, destination, weight, new DistributionOptions());
    }

    internal Graph Distribute(ICommunicator world, long nodes, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight, DistributionOptions options)
    {
        CheckProcesses(world);
        return Distribute(world, NodeParts.For(this, nodes, options), source, destination, weight, options);
    }

    /// <summary>This process's part of a graph whose nodes are cut as <paramref name="parts"/> says and called by their places.</summary>
    internal Graph Distribute(ICommunicator world, NodeParts parts, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight, DistributionOptions options)
    {
        CheckProcesses(world);
        Graph.CheckEdges(parts.Nodes, source, destination, weight);
        var block = new BlockBuilder(this, parts, world.Rank, weighted: !weight.IsEmpty, outgoing: options.Reproducible);
        for (int e = 0; e < source.Length; e++) block.Add(e, source[e], destination[e], weight.IsEmpty ? 1 : weight[e]);
        var (first, count) = parts.Of(world.Rank);
        var nodeIds = GC.AllocateUninitializedArray<int>((int)count, pinned: true);
        for (int n = 0; n < nodeIds.Length; n++) nodeIds[n] = (int)first + n;
        return block.Build(world, source.Length, nodeIds, options);
    }

    /// <summary>"2 × 3 × 1".</summary>
    public override string ToString() => $"{Rows} × {Columns} × {Channels}";

    /// <summary>Column piece j of row piece i: nodes whose rows and whose columns lie together.</summary>
    internal (long First, long Count) Piece(NodeParts parts, int row, int column)
    {
        long first = parts.Offsets[RankOf(row, column, 0)];
        return (first, parts.Offsets[RankOf(row, column, Channels - 1) + 1] - first);
    }

    /// <summary>Row piece i.</summary>
    internal (long First, long Count) RowPiece(NodeParts parts, int row)
    {
        long first = parts.Offsets[RankOf(row, 0, 0)];
        return (first, parts.Offsets[RankOf(row, Columns - 1, Channels - 1) + 1] - first);
    }

    private void CheckProcesses(ICommunicator world)
    {
        if (world.Size != Size)
            throw new ArgumentException($"a grid of {this} needs {Size} processes, and there are {world.Size}: start {Size}, or choose another grid");
    }

    private void CheckNodes(long nodes)
    {
        if (nodes < Size)
            throw new ArgumentException($"a grid of {this} has {Size} processes for {nodes} nodes: every process owns at least one; use {nodes} processes or fewer");
    }
}
