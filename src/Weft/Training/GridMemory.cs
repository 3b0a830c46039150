using Weft.Distributed.Planning;
using Weft.Distributed.Words;
using Weft.Graphs;

namespace Weft.Training;

/// <summary>Memory of one process of a grid: the buffers of a run on the nodes that it owns, the edges of its block, and what it exchanges.</summary>
internal static class GridMemory
{
    /// <summary>Bytes of a process's data, buffers and parameters.</summary>
    /// <param name="share">What the process holds of the graph.</param>
    /// <param name="size">The whole data.</param>
    /// <param name="memory">The memory of a run on data of that kind.</param>
    /// <param name="layers">The layers.</param>
    public static double Bytes(ProcessShare share, DataSize size, Func<DataSize, MemoryPlan> memory, IReadOnlyList<LayerShape> layers)
    {
        long? entries = size.FeatureEntries is { } all ? (long)Math.Ceiling(all * (share.OwnNodes / (double)size.Nodes)) : null;
        var own = memory(size with { Nodes = share.OwnNodes, Edges = share.BlockEdges, FeatureEntries = entries, Batches = null });
        // The block's edges are grouped by its destinations and by its sources, which are more than the nodes that it owns.
        var block = memory(size with { Nodes = (share.BlockRows + share.BlockColumns) / 2, Edges = share.BlockEdges, FeatureEntries = entries, Batches = null });
        double bytes = own.TotalBytes;
        foreach (var part in new[] { MemoryPart.Edges, MemoryPart.Graph }) bytes += block.Parts[part] - own.Parts[part];
        return bytes + sizeof(Real) * ExchangeWords(share, layers);
    }

    /// <summary>Words of the exchanges' buffers: each name keeps the largest that any layer asked for; attention keeps what it gathered until its adjoint.</summary>
    private static double ExchangeWords(ProcessShare share, IReadOnlyList<LayerShape> layers)
    {
        double kept = 0, gathered = 0, partial = 0, packed = 0;
        var grid = share.Grid;
        (long rows, long columns) = (grid.Columns * grid.Channels > 1 ? share.BlockRows : 0, grid.Rows * grid.Channels > 1 ? share.BlockColumns : 0);
        foreach (var layer in layers)
        {
            double here = Placement.Cut(LayerWork.Shared(layer), grid.Channels, 0).Count, d = layer.Outputs;
            switch (layer.Layer)
            {
                case "gat":
                    Attention(d + 1, 1);
                    break;
                case "gatv2":
                    Attention(d, d);
                    break;
                case "attention":
                    Attention(2 * d, d);
                    break;
                case "gcn" or "gin" or "sage" when !(layer.ConstantInput && !layer.SparseInput):
                    gathered = Math.Max(gathered, Math.Max(columns, rows) * here);
                    partial = Math.Max(partial, Math.Max(columns, rows) * here);
                    break;
            }

            void Attention(double source, double destination)
            {
                kept += here * (columns * source + rows * destination);
                gathered = Math.Max(gathered, here * rows * (d + 3 + 4));
                partial = Math.Max(partial, here * (rows * (d + 2) + rows * destination + columns * source));
            }
        }
        return kept + gathered + partial + packed;
    }
}
