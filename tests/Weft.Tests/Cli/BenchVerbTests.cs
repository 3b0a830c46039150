using System.Text.Json;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class BenchVerbTests
{
    private static readonly string[] KernelNames =
    [
        "gemm", "gemm Xᵀ·Y", "gemm elu", "gemm elu dW", "gemm Y·Wᵀ", "spmm", "spmm weighted", "spmm dX", "spmm heads", "sddmm heads", "gat", "gat adjoint", "gatv2", "gatv2 adjoint",
        "dot", "dot adjoint", "softmax", "softmax dL", "outer sum",
        "relu", "relu dZ", "elu", "elu dZ", "bias elu", "bias elu dZ", "bias", "bias db", "dropout", "head dot", "head dot da", "head dot dX", "head dots", "head dots da",
        "head dots dX", "head mean",
        "cross-entropy", "adam",
    ];

    [Fact]
    public void A_quick_bench_gives_every_kernel_a_row_of_finite_numbers_above_zero()
    {
        var result = Command.Weft("bench", "karate", "--quick", "--features", "7,16", "--repeat", "1", "--threads", "2", "--json");
        Assert.True(result.Code == 0, result.Error);
        Assert.Single(result.Output.TrimEnd().Split('\n'));
        var bench = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal((34, 190, 2, false), (bench.GetProperty("nodes").GetInt32(), bench.GetProperty("edges").GetInt32(), bench.GetProperty("threads").GetInt32(), bench.GetProperty("interrupted").GetBoolean()));
        foreach (string key in new[] { "cores", "vector_bits", "memory_mb" }) Assert.True(bench.GetProperty("machine").GetProperty(key).GetInt32() > 0, key);
        foreach (string key in new[] { "architecture", "operating_system", "runtime" }) Assert.NotEmpty(bench.GetProperty("machine").GetProperty(key).GetString()!);
        foreach (string key in new[] { "processor", "caches", "huge_pages", "huge_pages_mb" }) Assert.True(bench.GetProperty("machine").TryGetProperty(key, out _), key);

        var limits = bench.GetProperty("limits").EnumerateArray().ToArray();
        Assert.Equal(["stream triad", "read", "fma", "gather", "triad"], Names(limits));
        var kernels = bench.GetProperty("kernels").EnumerateArray().ToArray();
        Assert.Equal(KernelNames, Names(kernels));
        foreach (var row in limits.Concat(kernels))
        {
            foreach (string key in new[] { "ms_median", "ms_min" }) Assert.True(Positive(row, key), $"{key} of {row}");
            Assert.True(Positive(row, "gflops") || Positive(row, "gb_per_s"), $"{row} has no rate");
        }
        Assert.All(kernels, row => Assert.True(Positive(row, "percent_of_limit") && row.GetProperty("limit").GetString() is not null, $"{row}"));
        Assert.All(kernels, row => Assert.Equal(row.GetProperty("threads").GetInt32() == 2, Positive(row, "scaling")));
        Assert.All(kernels, row => Assert.Equal(row.GetProperty("name").GetString()!.Split(' ')[0] is "gat" or "gatv2" or "dot", Positive(row, "times_spmm")));
        foreach (string name in new[] { "gather", "spmm", "spmm weighted", "sddmm heads" })
            foreach (string shape in new[] { "7", "16" })
                foreach (int threads in new[] { 1, 2 })
                    Assert.Contains(limits.Concat(kernels), row => row.GetProperty("name").GetString() == name && row.GetProperty("threads").GetInt32() == threads && Positive(row, "ns_per_edge"));

        static string[] Names(JsonElement[] rows) => [.. rows.Select(row => row.GetProperty("name").GetString()!).Distinct()];
        static bool Positive(JsonElement row, string key) => row.GetProperty(key) is { ValueKind: JsonValueKind.Number } number && number.GetDouble() is > 0 and < double.PositiveInfinity;
    }

    [Fact]
    public void The_tables_fit_eighty_columns()
    {
        var result = Command.Weft("bench", "karate", "--quick", "--repeat", "1", "--threads", "2");
        Assert.True(result.Code == 0, result.Error);
        string[] lines = result.Output.ReplaceLineEndings("\n").Split('\n');
        // The machine's own names may be long.
        Assert.All(lines.SkipWhile(line => line.Length > 0), line => Assert.True(line.Length <= 80, line));
        foreach (string name in new[] { "stream triad", "gather", "spmm", "softmax dL", "head dot" }) Assert.Contains(lines, line => line.StartsWith(name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--features is '16,x': expected whole numbers from 1 to 1024", "--features", "16,x")]
    [InlineData("--features is '0'", "--features", "0")]
    [InlineData("--features is '2000'", "--features", "2000")]
    [InlineData("--repeat is '0'", "--repeat", "0")]
    [InlineData("--threads is 'many'", "--threads", "many")]
    [InlineData("nothing that is measured has 'zzz' in its name", "--only", "zzz")]
    [InlineData("did you mean --only?", "--onyl", "gemm")]
    public void A_wrong_option_gives_one_line_and_exit_code_2(string expected, params string[] options)
    {
        var result = Command.Weft(["bench", "karate", "--quick", .. options]);
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_graph_without_edges_is_measured_on_its_loops()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("lonely.mtx"), "%%MatrixMarket matrix coordinate pattern general\n3 3 0\n");
        var result = Command.Weft("bench", folder.File("lonely.mtx"), "--quick", "--only", "spmm", "--repeat", "1", "--features", "4", "--threads", "1");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("3 nodes, 3 edges", result.Output, StringComparison.Ordinal);
    }
}
