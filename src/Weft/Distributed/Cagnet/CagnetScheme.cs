using Weft.Communication;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// A GCN layer as CAGNET distributes it, Z = M·H·W with M = Aᵀ, aggregation first in both directions. A scheme says who owns which
/// tile of a node matrix and how tiles of M·H come about; the rest is the same for all of them. These schemes are here to be
/// compared with: the layers of Weft run on a <see cref="ProcessGrid"/>.
/// </summary>
/// <remarks>
/// A. Tripathy, K. Yelick, A. Buluç, "Reducing communication in graph neural network training", SC 2020. Unlike their code these
/// take directed graphs (blocks of A beside those of M), any number of nodes and rectangular grids, and send indices as integers.
/// </remarks>
internal abstract class CagnetScheme
{
    private readonly ICommunicator world;

    /// <param name="world">All processes.</param>
    /// <param name="graph">The whole graph on one process, whose weights are M's entries; every process gives the same.</param>
    protected CagnetScheme(ICommunicator world, Graph graph)
    {
        this.world = world;
        Nodes = graph.ByDestination.Rows;
        if (Nodes < world.Size)
            throw new ArgumentException($"{world.Size} processes for {Nodes} nodes: every process owns at least one; use {Nodes} processes or fewer");
    }

    /// <summary>Number of nodes, N.</summary>
    public long Nodes { get; }

    /// <summary>Processes that own other features of the same nodes.</summary>
    public ICommunicator FeatureGroup { get; protected init; } = Alone.Instance;

    /// <summary>Processes that own the same features of all nodes, each node once.</summary>
    public ICommunicator NodeGroup { get; protected init; } = Alone.Instance;

    /// <summary>Buffers that a step finds again.</summary>
    protected Workspace Buffers { get; } = new();

    /// <summary>What a process owns of a node matrix with so many columns.</summary>
    public abstract Tile Owned(int rank, long width);

    /// <summary>This process's tile.</summary>
    public Tile Owned(long width) => Owned(world.Rank, width);

    /// <summary>T = M·X, or Mᵀ·X: tiles of a node matrix with <paramref name="width"/> columns.</summary>
    protected abstract void Propagate(bool transposed, Matrix X, long width, Matrix T);

    /// <summary>Z = (M·H)·W.</summary>
    /// <param name="layer">Number of the layer, 1 or more, for the meter.</param>
    /// <param name="H">Tile of [N, a].</param>
    /// <param name="W">[a, b], the same on every process.</param>
    /// <param name="Z">Tile of [N, b].</param>
    public void Forward(int layer, Matrix H, Matrix W, Matrix Z)
    {
        world.Enter(layer, Direction.Forward);
        var tile = Owned(W.Columns);
        var T = Buffers.Take(layer, "T", H.Rows, H.Columns);
        Propagate(transposed: false, H, W.Rows, T);                                           // T = M·H
        Gemm.Multiply(WholeRows(T, W.Rows), W.ColumnRange(tile.FirstColumn, tile.Columns), Z); // Z = T·W
        world.Enter(0, Direction.Other);
    }

    /// <summary>U = Mᵀ·G; dW = Hᵀ·U; dH = U·Wᵀ.</summary>
    /// <param name="layer">Number of the layer, for the meter.</param>
    /// <param name="H">The layer's input, tile of [N, a].</param>
    /// <param name="G">Gradient at Z, tile of [N, b].</param>
    /// <param name="W">[a, b]</param>
    /// <param name="dH">Tile of [N, a]; missing where nobody wants it.</param>
    /// <param name="dW">[a, b], the same on every process.</param>
    public void Backward(int layer, Matrix H, Matrix G, Matrix W, Matrix dH, Matrix dW)
    {
        world.Enter(layer, Direction.Backward);
        var tile = Owned(W.Rows);
        var U = Buffers.Take(layer, "U", G.Rows, G.Columns);
        Propagate(transposed: true, G, W.Columns, U);                                         // U = Mᵀ·G
        var rows = WholeRows(U, W.Columns);
        if (!dH.IsMissing) Gemm.MultiplyTransposedRight(rows, W.RowRange(tile.FirstColumn, tile.Columns), dH); // dH = U·Wᵀ
        var piece = FeatureGroup.Size == 1 ? dW : Buffers.Take(layer, "dW", tile.Columns, W.Columns);
        Gemm.MultiplyTransposedLeft(H, rows, piece);                                          // dW = Hᵀ·U, rows of own features
        if (NodeGroup.Size > 1 && piece.Count > 0) NodeGroup.AllReduce(piece, Reduction.Sum);
        if (FeatureGroup.Size > 1) FeatureGroup.AllGather(piece, dW, FeatureCounts(W.Rows, W.Columns));
        world.Enter(0, Direction.Other);
    }

    /// <summary>The whole matrix on every process, from everyone's tile.</summary>
    public Matrix Gather(Matrix tile, long width)
    {
        var tiles = Enumerable.Range(0, world.Size).Select(rank => Owned(rank, width)).ToArray();
        var all = Matrix.Allocate(1, tiles.Sum(t => t.Count));
        world.AllGather(tile, all, Array.ConvertAll(tiles, t => t.Count));
        var whole = Matrix.Allocate(Nodes, width);
        long at = 0;
        foreach (var from in tiles)
        {
            all.ColumnRange(at, from.Count).Reshape(from.Rows, from.Columns).CopyTo(Part(whole, from));
            at += from.Count;
        }
        return whole;
    }

    /// <summary>This process's tile of a matrix that it has whole.</summary>
    public Matrix Cut(Matrix whole)
    {
        var tile = Owned(whole.Columns);
        var mine = Matrix.Allocate(tile.Rows, tile.Columns);
        Part(whole, tile).CopyTo(mine);
        return mine;
    }

    private static Matrix Part(Matrix whole, Tile tile) => whole.RowRange(tile.FirstRow, tile.Rows).ColumnRange(tile.FirstColumn, tile.Columns);

    // All features of the own rows: tiles side by side.
    private Matrix WholeRows(Matrix tile, long width)
    {
        if (FeatureGroup.Size == 1) return tile;
        var counts = FeatureCounts(width, tile.Rows);
        var pieces = Buffers.Take(0, "pieces", 1, tile.Rows * width);
        FeatureGroup.AllGather(tile, pieces, counts);
        var rows = Buffers.Take(0, "rows", tile.Rows, width);
        long at = 0, column = 0;
        foreach (long count in counts)
        {
            long columns = count / tile.Rows;
            pieces.ColumnRange(at, count).Reshape(tile.Rows, columns).CopyTo(rows.ColumnRange(column, columns));
            (at, column) = (at + count, column + columns);
        }
        return rows;
    }

    // Entries that each member of the feature group has of a matrix whose columns, or rows, are the features.
    private long[] FeatureCounts(long features, long times) =>
        [.. Enumerable.Range(0, FeatureGroup.Size).Select(member => Placement.Cut(features, FeatureGroup.Size, member).Count * times)];
}
