using System.Globalization;
using Weft.Communication;
using Weft.Kernels;

namespace Weft.DistributedBenchmarks;

/// <summary>The committed table: CAGNET's schemes and Weft's grids side by side on one graph, counted, with the survey's formulas beside them.</summary>
internal static class WordsTable
{
    /// <summary>The layer that is shown: as wide on both sides, its input an activation.</summary>
    private const int Layer = 1;

    public static void Write(Options options, TextWriter to)
    {
        RowParallel.Threads = 1;
        options = options with { Layers = 3, Epochs = 1 };
        Head(to, options);
        foreach (int ranks in new[] { 4, 9, 16 })
        {
            int side = (int)Math.Sqrt(ranks);
            var one = (ranks, 1, 1);
            var two = (side, side, 1);
            Section(to, ranks, options,
            [
                options with { Algorithm = "1d", Grid = one },
                .. Copies(ranks).Select(copies => options with { Algorithm = "1.5d", Grid = one, Copies = copies }),
                options with { Algorithm = "2d", Grid = two },
                options with { Grid = one },
                options with { Grid = two },
                options with { Grid = one, Halo = true },
                options with { Grid = two, Halo = true },
                options with { Grid = one, Halo = true, Partition = "ldg" },
                options with { Grid = two, Halo = true, Partition = "ldg" },
            ]);
        }
        foreach (int ranks in new[] { 8, 27 })
        {
            int side = (int)Math.Round(Math.Cbrt(ranks));
            var three = (side, side, side);
            Section(to, ranks, options,
            [
                options with { Algorithm = "3d", Grid = three },
                options with { Grid = three },
                options with { Grid = three, Halo = true },
                options with { Grid = three, Halo = true, Partition = "ldg" },
            ]);
        }
    }

    private static void Head(TextWriter to, Options options)
    {
        var problem = new Problem(options with { Ranks = 1 });
        to.WriteLine(FormattableString.Invariant($"""
            # Words: CAGNET's schemes and Weft's grids

            What a process receives in one layer of a GCN in one epoch, the middle of three layers, f = {options.Features} features in and out, on
            {problem.Name}: n = {problem.Nodes:N0} nodes, {problem.Entries:N0} non-zero entries (edges and loops). A word is one value or one 32-bit index.
            Counted by a meter at every call, and equal to the closed formula on every process: a row is not written otherwise. The same numbers come
            out on any machine:

                dotnet run -c Release --project benchmarks/distributed -- table --out benchmarks/results/words.md

            *Most* and *mean* are over the processes; backward includes the sum of the weights' gradients. *Messages* are those of a model of latency,
            ⌈log₂ g⌉ for a collective of g. *The survey's* is the bandwidth of both directions in the survey of parallel training (Buluç) for as many
            dimensions: 1D 2nf + f²; 1.5D 2nf/c + 2nfc/P; 2D (8nf + 2nnz)/√P; 3D (12nf + 2nnz)/P^⅔. *Ratio* is the mean over it. Block parts are the
            numbering as generated, which is random; ldg is the streaming partitioner, which needs no package
            (`--partition metis` where METIS is installed). The rows of CAGNET are `src/Weft/Distributed/Cagnet`, Weft's the layers that `weft train` uses.

            CAGNET's 1D and Weft's P × 1 grid are the same words: every process needs every row but its own, n·(1 − 1/P) of them, where the survey counts
            all n; it counts the f² of the weights once, and an all-reduction brings 2f²·(1 − 1/P). SUMMA stays below half of the survey's 8nf/√P: the rows
            that are gathered for the product with W serve the gradient of W too, where CAGNET's own program turns H round and multiplies once more. Its
            sparse part is above the survey's 2nnz/√P, because an index travels beside each value, and row pointers besides, in both directions. 1.5D
            comes out above the survey's where c is near √P: the parts of a row of processes meet in an all-reduction, which brings twice what the
            survey counts.

            Weft's two- and three-dimensional grids send no sparse matrix at all and expand and fold instead of multiplying in stages: √P × √P receives
            4nf/√P·(1 − 1/√P), half of the survey's dense term or less, with one copy of A in place of two. A halo sends the rows at which a block has
            edges and no others. In the generated numbering that is nearly all of them until P is large; in parts that keep communities together it is
            a third of the dense exchange at P = 4 and a tenth at P = 16, and then the one-dimensional grid is below the two-dimensional one, because
            what few rows cross between parts need not be folded as well. So the partition decides first, and the shape of the grid where no partition
            is good.

            """));
    }

    private static IEnumerable<int> Copies(int ranks) => Enumerable.Range(2, ranks).Where(copies => ranks % copies == 0 && copies * copies <= ranks);

    private static void Section(TextWriter to, int ranks, Options options, Options[] rows)
    {
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"## P = {ranks}"));
        to.WriteLine();
        to.WriteLine("| algorithm | grid | forward, most | mean | backward, most | mean | together, mean | the survey's | ratio | messages |");
        to.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var row in rows)
        {
            var on = row with { Ranks = ranks };
            var problem = new Problem(on);
            var traffic = ThreadCommunicator.Run(ranks, world => Trial.Run(problem, on, world))[0].Traffic.Select(rank => rank[Layer]).ToArray();
            double together = traffic.Average(t => t.Words);
            double? survey = Survey(on, problem.Nodes, problem.Entries, options.Features);
            to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Title(on)} | {Shape(on)} | {traffic.Max(t => t.ForwardWords):N0} | {traffic.Average(t => t.ForwardWords):N0} | {traffic.Max(t => t.BackwardWords):N0} | {traffic.Average(t => t.BackwardWords):N0} | {together:N0} | {survey:N0} | {together / survey:F2} | {traffic.Max(t => t.Messages)} |"));
        }
        to.WriteLine();
    }

    private static string Title(Options on) => on.Algorithm switch
    {
        "1d" => "CAGNET 1D, broadcast",
        "1.5d" => $"CAGNET 1.5D, c = {on.Copies}",
        "2d" => "CAGNET 2D, SUMMA",
        "3d" => "CAGNET 3D, split",
        _ => $"Weft{(on.Halo ? $", halo, {on.Partition} parts" : "")}",
    };

    private static string Shape(Options on) => on.Algorithm switch
    {
        "1d" => $"{on.Ranks}",
        "1.5d" => $"{on.Ranks / on.Copies} × {on.Copies}",
        _ => on.Grid.Depth == 1 ? $"{on.Grid.Rows} × {on.Grid.Columns}" : $"{on.Grid.Rows} × {on.Grid.Columns} × {on.Grid.Depth}",
    };

    /// <summary>Words of a layer in both directions, as the survey's table has them; Weft's grids stand beside the row of as many dimensions.</summary>
    private static double? Survey(Options on, double n, double nnz, double f)
    {
        double P = on.Ranks, c = on.Copies;
        return on.Algorithm switch
        {
            "1.5d" => 2 * n * f / c + 2 * n * f * c / P,
            _ when on.Grid.Depth > 1 => (2 * nnz + 12 * n * f) / Math.Pow(P, 2.0 / 3),
            _ when on.Grid.Columns > 1 => (8 * n * f + 2 * nnz) / Math.Sqrt(P),
            _ => 2 * n * f + f * f,
        };
    }
}
