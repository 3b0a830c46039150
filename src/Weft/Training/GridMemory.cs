using Weft.Distributed;
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
        // The list of edges that a process alone reads its graph from is never whole here.
        bytes -= share.BlockEdges * (2.0 * sizeof(int) + (size.Weighted ? sizeof(Real) : 0));
        if (share.Halo) bytes += 2.0 * sizeof(int) * (share.BlockRows + share.BlockColumns);
        return bytes + sizeof(Real) * new Buffers(share).Of(layers);
    }

    /// <summary>
    /// Bytes beside those: three numbers and a weight of each edge that the process read, which it no longer needs but has not given
    /// back; and what arrives of everyone's sums where the communicator adds them in rank order.
    /// </summary>
    /// <param name="share">What the process holds of the graph.</param>
    /// <param name="size">The whole data.</param>
    /// <param name="layers">The layers.</param>
    public static double Passing(ProcessShare share, DataSize size, IReadOnlyList<LayerShape> layers) =>
        share.BlockEdges * (3.0 * sizeof(int) + (size.Weighted ? sizeof(Real) : 0)) + sizeof(Real) * new Buffers(share).Folding(layers);

    /// <summary>The buffers of the exchanges: those of one name on one side take as much as the layer that asks for most.</summary>
    private sealed class Buffers(ProcessShare share)
    {
        private const int Destinations = 0, Sources = 1;

        private readonly Dictionary<(int Side, string Name), double> most = [];
        private readonly ProcessGrid grid = share.Grid;
        private double kept;

        /// <summary>Words of all of them.</summary>
        public double Of(IReadOnlyList<LayerShape> layers)
        {
            foreach (var layer in layers)
            {
                double d = layer.Outputs;
                switch (layer.Layer)
                {
                    case "gat":
                        Attention(layer.Heads, d, 1, 1);
                        break;
                    case "gatv2":
                        Attention(layer.Heads, d, 0, d);
                        break;
                    case "attention":
                        Attention(layer.Heads, d, d, d);
                        break;
                    case "gcn" or "gin" or "sage":
                        // Features that no dropout changes, as in every evaluation, are summed once, at their own width.
                        if (!layer.InputGradient && !layer.SparseInput) Forward(layer.Inputs);
                        if (layer.ConstantInput && !layer.SparseInput) break;
                        Forward(LayerWork.Shared(layer));
                        Backward(LayerWork.Shared(layer));
                        break;
                }
            }
            return kept + most.Values.Sum();
        }

        /// <summary>Words that arrive at once of the sums of all members of a group.</summary>
        public double Folding(IReadOnlyList<LayerShape> layers)
        {
            if (!IsPlain) return 0;
            double back = 0, forward = 0;
            foreach (var layer in layers)
            {
                double d = layer.Outputs * layer.Heads;
                back = Math.Max(back, layer.Layer switch { "gat" => d + layer.Heads, "gatv2" => d, "attention" => 2 * d, _ => LayerWork.Shared(layer) });
                forward = Math.Max(forward, layer.Layer switch { "gat" => layer.Heads, "gatv2" or "attention" => d, _ => LayerWork.Shared(layer) });
            }
            return share.OwnNodes * ((grid.Rows == 1 ? 0 : grid.Rows * back) + (grid.Columns == 1 ? 0 : grid.Columns * forward));
        }

        private void Forward(double heads) => Aggregation(Sources, Destinations, "X", heads);

        private void Backward(double heads) => Aggregation(Destinations, Sources, "dZ", heads);

        private void Aggregation(int from, int to, string gathered, double heads)
        {
            Take(from, gathered, Block(from, heads, 1));
            Take(to, "partial", Block(to, heads, 1));
            // Whole rows go out from where they lie, and sums arrive where they belong.
            if (IsPlain) return;
            Take(from, "send", Sent(from, heads, 1));
            Take(to, "received", Sent(to, heads, 1));
        }

        /// <param name="heads">K</param>
        /// <param name="d">Width of a head.</param>
        /// <param name="extra">What a source offers beside the rows that are summed, a head.</param>
        /// <param name="offered">What a destination offers, a head.</param>
        private void Attention(double heads, double d, double extra, double offered)
        {
            kept += Block(Sources, heads, d + extra) + Block(Destinations, heads, offered);
            Take(Destinations, "attended", Block(Destinations, heads, d + 2));
            Take(Destinations, "dZ", Block(Destinations, heads, d + 3));
            Take(Destinations, "terms", Block(Destinations, heads, 4));
            Take(Destinations, "partial", Block(Destinations, heads, offered));
            Take(Destinations, "send", Sent(Destinations, heads, d + 3));
            Take(Destinations, "received", Sent(Destinations, heads, d + 2, merges: true));
            Take(Sources, "partial", Block(Sources, heads, d + extra));
            if (IsPlain && extra == 0) return;
            Take(Sources, "send", Sent(Sources, heads, d + extra));
            Take(Sources, "received", Sent(Sources, heads, d + extra));
        }

        private bool IsPlain => !share.Halo && grid.Channels == 1;

        private int Members(int side) => (side == Destinations ? grid.Columns : grid.Rows) * grid.Channels;

        private double Here(double heads) => Placement.Cut((long)heads, grid.Channels, 0).Count;

        // Rows of the block, in the heads that are worked on here.
        private double Block(int side, double heads, double width) =>
            Members(side) == 1 ? 0 : (side == Destinations ? share.BlockRows : share.BlockColumns) * Here(heads) * width;

        // Own rows, in the heads of whoever wants them. Of a halo about as much goes out as comes in.
        private double Sent(int side, double heads, double width, bool merges = false) =>
            Members(side) == 1 ? 0 : share.Halo ? Block(side, heads, width) : share.OwnNodes * heads * width * (IsPlain && !merges ? 1 : Members(side) / grid.Channels);

        private void Take(int side, string name, double words) => most[(side, name)] = Math.Max(most.GetValueOrDefault((side, name)), words);
    }
}
