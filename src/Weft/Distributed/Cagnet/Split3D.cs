using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// CAGNET's split 3D scheme: the rows I_i of a 2D grid are cut into D slices I_ik, and layer k of the grid multiplies with the
/// k-th slices alone, L_k = ∪_i I_ik, by SUMMA; the layers' partial results, of all rows I_i, are added up where they belong.
/// </summary>
internal sealed class Split3D : CagnetScheme
{
    private readonly int rows, columns, depth;
    private readonly ICommunicator fibre;
    private readonly SummaStages stages;
    private readonly (long First, long Count)[] slices;

    /// <param name="world">All processes; process (i, j, k) has rank (i·columns + j)·depth + k.</param>
    /// <param name="graph">The whole graph.</param>
    /// <param name="rows">Pr</param>
    /// <param name="columns">Pc</param>
    /// <param name="depth">D</param>
    /// <exception cref="ArgumentException">The grid does not fit the processes.</exception>
    public Split3D(ICommunicator world, Graph graph, int rows, int columns, int depth)
        : base(world, graph)
    {
        if (rows < 1 || columns < 1 || depth < 1 || rows * columns * depth != world.Size)
            throw new ArgumentException($"a grid of {rows} × {columns} × {depth} on {world.Size} processes: choose another grid");
        (this.rows, this.columns, this.depth) = (rows, columns, depth);
        int i = world.Rank / depth / columns, j = world.Rank / depth % columns, k = world.Rank % depth;
        FeatureGroup = world.Split(i * depth + k, j);
        NodeGroup = world.Split(j, i * depth + k);
        fibre = world.Split(i * columns + j, k);
        slices = [.. Enumerable.Range(0, depth).Select(slice => Slice(i, slice))];
        stages = new SummaStages(FeatureGroup, world.Split(j * depth + k, i), graph, Placement.Cut(Nodes, rows, i), [.. Enumerable.Range(0, rows).Select(row => Slice(row, k))]);
    }

    /// <inheritdoc/>
    public override Tile Owned(int rank, long width)
    {
        var (firstRow, count) = Slice(rank / depth / columns, rank % depth);
        var (firstColumn, features) = Placement.Cut(width, columns, rank / depth % columns);
        return new Tile(firstRow, count, firstColumn, features);
    }

    /// <inheritdoc/>
    protected override void Propagate(bool transposed, Matrix X, long width, Matrix T)
    {
        if (depth == 1)
        {
            stages.Multiply(transposed, X, T);
            return;
        }
        var partial = Buffers.Take(0, "partial", slices.Sum(slice => slice.Count), T.Columns);
        stages.Multiply(transposed, X, partial);
        if (T.Count > 0) fibre.ReduceScatter(partial, Array.ConvertAll(slices, slice => slice.Count * T.Columns), T);
    }

    private (long First, long Count) Slice(int row, int slice)
    {
        var (start, count) = Placement.Cut(Nodes, rows, row);
        var (first, part) = Placement.Cut(count, depth, slice);
        return (start + first, part);
    }
}
