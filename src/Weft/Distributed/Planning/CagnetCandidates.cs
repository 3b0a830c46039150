using Weft.Distributed.Cagnet;
using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>CAGNET's own schemes for GCN, to compare with: a run of Weft's layers cannot choose them.</summary>
/// <remarks>
/// Edges count as spread evenly. Memory is the leading terms: blocks of A and of Aᵀ (value and index), features, Z and H of each
/// layer, weights with gradients and moments, and the blocks of a stage. Broadcasts are double-buffered. They come one after another, so a process's time has
/// those that it makes itself beside those that it receives.
/// </remarks>
internal static class CagnetCandidates
{
    private const int MostProcessesOneByOne = 256;

    /// <summary>What a process receives in a layer, and what it broadcasts.</summary>
    private delegate LayerTraffic Scheme(int rank, long a, long b, out long rooted);

    /// <summary>1D, 1.5D with every number of copies, 2D on every grid, 3D on every square grid in layers. None unless all layers are GCNs.</summary>
    public static IEnumerable<Candidate> Of(PlanRequest request, Calibration calibration, CostModel cost)
    {
        LayerShape[] layers = [.. request.Layers.Where(l => l.Layer is not ("dropout" or "pointwise"))];
        int p = request.Processes;
        if (p == 1 || layers.Any(l => l.Layer != "gcn")) yield break;
        long n = request.Nodes;
        // Sums over the layers of (a, b) → traffic.
        Candidate Make(string grid, string family, double copies, Scheme traffic, double transient, double denseCopies = 1)
        {
            var most = (Words: 0L, Messages: 0L, Seconds: 0.0);
            foreach (int rank in Ranks(p))
            {
                var (sum, rooted) = (default(LayerTraffic), 0L);
                foreach (var layer in layers)
                {
                    sum += traffic(rank, layer.Inputs, layer.Outputs, out long mine);
                    rooted += mine;
                }
                most = (Math.Max(most.Words, sum.Words), Math.Max(most.Messages, sum.Messages), Math.Max(most.Seconds, cost.Seconds(sum.Words + rooted, sum.Messages, rank)));
            }
            double nnz = request.Edges / (double)p, own = (double)n / p;
            double sparse = layers.Sum(l => 2 * nnz * (l.Inputs + l.Outputs)), dense = denseCopies * layers.Sum(l => 6 * own * l.Inputs * l.Outputs);
            double words = (own * (layers[0].Inputs + layers.Sum(l => 2 * l.Outputs)) * denseCopies) + (3 * layers.Sum(l => (double)l.Inputs * l.Outputs)) + transient;
            double bytes = (words * sizeof(Real)) + (2 * nnz * (sizeof(Real) + sizeof(int)));
            return new Candidate("cagnet", grid, family)
            {
                Words = most.Words,
                Messages = most.Messages,
                Bytes = bytes,
                Operations = sparse + dense,
                CommunicationSeconds = most.Seconds,
                ComputeSeconds = (calibration.GammaSparse * sparse) + (calibration.GammaDense * dense),
                SurveyWords = Survey.Words(layers, family, n, request.Edges, p, copies),
                Fits = bytes <= request.MemoryLimit,
            };
        }

        double widest = layers.Max(l => Math.Max(l.Inputs, l.Outputs)), edgesHere = request.Edges / (double)p;
        var even = CagnetWords.EvenlySpread(n, request.Edges);
        yield return Make("cagnet-1d", "1D", 1, (int rank, long a, long b, out long rooted) => CagnetWords.Broadcast1D(p, rank, n, a, b, out rooted), 2 * widest * n / p);
        foreach (int c in Planner.Divisors(p).Where(c => c > 1 && c <= p / c))
            yield return Make($"cagnet-1.5d:{c}", "1.5D", c, (int rank, long a, long b, out long rooted) => CagnetWords.Replicated15D(p, c, rank, n, a, b, out rooted), 2 * widest * n * c / p, c);
        foreach (int rows in Planner.Divisors(p).Where(r => r > 1 && r < p))
        {
            int columns = p / rows;
            // Where the square grid exists the others only lengthen the table.
            if (rows != columns && (int)Math.Sqrt(p) * (int)Math.Sqrt(p) == p) continue;
            yield return Make($"cagnet-2d {rows}x{columns}", "2D", 1, (int rank, long a, long b, out long rooted) => CagnetWords.Split3D(rows, columns, 1, rank, n, a, b, even, out rooted), (3 * widest * n / p) + (widest * n / rows) + (4 * edgesHere));
        }
        foreach (int depth in Planner.Divisors(p).Where(d => d > 1 && d < p))
        {
            int side = (int)Math.Round(Math.Sqrt(p / depth));
            if (side < 2 || side * side * depth != p) continue;
            yield return Make($"cagnet-3d {side}x{side}x{depth}", "3D", 1, (int rank, long a, long b, out long rooted) => CagnetWords.Split3D(side, side, depth, rank, n, a, b, even, out rooted),
                (2 * widest * n / side / side) + (widest * n / side / depth) + (4 * edgesHere));
        }
    }

    // All of them, or, of many, the corners of the grids: pieces differ by a row at most.
    private static IEnumerable<int> Ranks(int processes) =>
        processes <= MostProcessesOneByOne ? Enumerable.Range(0, processes) : [0, 1, processes / 2, processes - 2, processes - 1];
}
