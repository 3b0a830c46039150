using System.Text.Json;
using Weft.Communication;
using Weft.DistributedBenchmarks;
using Weft.Kernels;

var options = Options.Parse(args);
if (options is null) return 2;
if (options.Table)
{
    using var file = options.Out is null ? null : new StreamWriter(options.Out) { NewLine = "\n" };
    WordsTable.Write(options, file ?? Console.Out);
    return 0;
}
// Ranks share the processors: one thread each.
RowParallel.Threads = 1;
if (MpiCommunicator.IsLaunched)
    return MpiCommunicator.Run(world =>
    {
        if (options.Order)
        {
            using var file = options.Out is null || world.Rank > 0 ? null : new StreamWriter(options.Out) { NewLine = "\n" };
            new PlannedOrder(options, world, world.Library).Run(file ?? Console.Out);
            return 0;
        }
        var on = options.On(world.Size);
        var problem = new Problem(on);
        Report(on, problem, Trial.Run(problem, on, world), world.Library, world.Rank);
        return 0;
    });
if (options.Order)
{
    Console.Error.WriteLine("error: order times real processes: start it with mpirun or mpiexec, for a slow network with tools/emulated-cluster/cluster.sh");
    return 2;
}
var here = options.On(Math.Max(1, options.Ranks));
var shared = new Problem(here);
Report(here, shared, ThreadCommunicator.Run(here.Ranks, world => Trial.Run(shared, here, world))[0], "threads", rank: 0);
return 0;

static void Report(Options options, Problem problem, Outcome outcome, string library, int rank)
{
    if (rank != 0) return;
    string json = JsonSerializer.Serialize(new
    {
        algorithm = options.Name,
        ranks = options.Ranks,
        partition = options.Partition,
        library,
        graph = problem.Name,
        nodes = problem.Nodes,
        entries = problem.Entries,
        widths = problem.Widths,
        seconds_per_epoch = outcome.MedianSeconds,
        seconds = outcome.Seconds,
        first_loss = outcome.FirstLoss,
        last_loss = outcome.LastLoss,
        layers = Enumerable.Range(0, options.Layers).Select(l => new
        {
            layer = l + 1,
            words_forward = outcome.Traffic.Select(t => t[l].ForwardWords),
            words_backward = outcome.Traffic.Select(t => t[l].BackwardWords),
            messages_forward = outcome.Traffic.Select(t => t[l].ForwardMessages),
            messages_backward = outcome.Traffic.Select(t => t[l].BackwardMessages),
        }),
    }, new JsonSerializerOptions { WriteIndented = false });
    if (options.Out is null) Console.WriteLine(json);
    else File.WriteAllText(options.Out, json + "\n");
}
