using System.Globalization;
using System.Runtime.InteropServices;
using Weft.Datasets;
using Weft.Peers;

// The arguments are those of run.sh.
var options = Options.Parse(args);
if (options is null) return 2;
var contest = new Contest(options.Rounds);
var dataset = DatasetCatalog.Open(options.Dataset, fetch: false);
string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
Console.WriteLine($"Weft and its peers on {dataset.Name}, {Weft.Measurement.MachineDescription.Read().Processor ?? RuntimeInformation.ProcessArchitecture.ToString()}, {options.Threads} threads, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {date}.");
Console.WriteLine($"In turns, {options.Rounds} rounds; an epoch is forward, loss, backward and Adam's step, dropout 0. Command:");
Console.WriteLine();
Console.WriteLine($"    benchmarks/peers/run.sh {string.Join(' ', args)}");
Console.WriteLine();
if (options.Wants("gemm")) Products.Run(contest, dataset.Nodes, options);
if (options.Wants("spmm")) SparseProducts.Run(contest, dataset, options);
if (options.Wants("epoch")) Epochs.Run(contest, dataset, options);
contest.Write(Console.Out);
return 0;
