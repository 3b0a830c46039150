using System.Globalization;

namespace Weft.Peers;

/// <summary>What to compare, on what.</summary>
internal sealed record Options(string Dataset, int Rounds, int Threads, string? Only, string Python)
{
    private const string Usage = "usage: run.sh GRAPH.npz [--rounds N] [--threads N] [--only gemm|spmm|epoch]";

    /// <summary>The command line; null, with a line on standard error, where it is wrong.</summary>
    public static Options? Parse(string[] args)
    {
        var options = new Options("", 5, Environment.ProcessorCount, null, Environment.GetEnvironmentVariable("WEFT_PYTHON") ?? "python3");
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            bool whole = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0;
            switch (args[i])
            {
                case "--rounds" when whole: options = options with { Rounds = number }; break;
                case "--threads" when whole: options = options with { Threads = number }; break;
                case "--only" when value is "gemm" or "spmm" or "epoch": options = options with { Only = value }; break;
                case var file when !file.StartsWith('-') && options.Dataset.Length == 0: options = options with { Dataset = file }; continue;
                default:
                    Console.Error.WriteLine($"error: {args[i]}{(value is null ? "" : " " + value)} was not understood; {Usage}");
                    return null;
            }
            i++;
        }
        if (File.Exists(options.Dataset)) return options;
        Console.Error.WriteLine(options.Dataset.Length == 0 ? $"error: no graph was given; {Usage}" : $"error: there is no file {options.Dataset}; {Usage}");
        return null;
    }

    public bool Wants(string work) => Only is null || Only == work;

    /// <summary>1 thread, and all of them.</summary>
    public int[] ThreadCounts => Threads == 1 ? [1] : [1, Threads];

    public static string Of(int threads) => threads == 1 ? "1 thread" : string.Create(CultureInfo.InvariantCulture, $"{threads} threads");
}
