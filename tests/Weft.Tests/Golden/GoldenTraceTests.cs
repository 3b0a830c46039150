using Weft.Datasets;
using Weft.Tests.Cli;

namespace Weft.Tests.Golden;

/// <summary>Every golden case through <c>weft trace</c> and <c>weft compare</c>, within its tolerance for this precision.</summary>
public sealed class GoldenTraceTests : IDisposable
{
    private const string Bits = sizeof(Real) == 8 ? "64" : "32";

    private readonly string folder = Directory.CreateTempSubdirectory("weft-trace-").FullName;

    public static TheoryData<string> Cases => [.. GoldenCase.Names];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_traced_case_agrees_with_its_golden_outputs(string name)
    {
        string file = GoldenCase.Load(name).FilePath, traced = Trace(file);
        var compared = Command.Weft("compare", traced, file, "--golden", Bits);
        Assert.True(compared.Code == 0, compared.Output + compared.Error);
        // The reader of the tests shares nothing with the library's: it must find the same.
        var golden = GoldenCase.Load(name);
        var arrays = Npz.Read(traced);
        foreach (string output in golden.Outputs)
        {
            Assert.Equal(golden[output].Shape.Select(size => (long)size), arrays[output].Shape);
            golden.Check(output, [.. arrays[output].Data.Cast<object>().Select(Convert.ToDouble)]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_trace_reads_nothing_but_the_inputs(string name)
    {
        var golden = GoldenCase.Load(name);
        var arrays = Npz.Read(golden.FilePath);
        foreach (string output in golden.Outputs) arrays[output] = new NpyArray(new[] { double.NaN }, 1);
        string spoiled = Path.Combine(folder, name + ".npz");
        Npz.Write(spoiled, arrays);
        File.Copy(Path.Combine(Path.GetDirectoryName(golden.FilePath)!, "manifest.json"), Path.Combine(folder, "manifest.json"));
        Assert.Equal(File.ReadAllBytes(Trace(golden.FilePath)), File.ReadAllBytes(Trace(spoiled)));
    }

    [Theory]
    [InlineData("gatv2_h3_concat_bias")]
    [InlineData("gcn_1layer")]
    public void A_comparison_fails_for_each_output_that_is_off_by_more_than_its_tolerance(string name)
    {
        var golden = GoldenCase.Load(name);
        foreach (string output in golden.Outputs)
        {
            var arrays = Npz.Read(golden.FilePath);
            var right = arrays[output];
            int last = (int)right.Count - 1;
            if (right.Data is long[] integers) integers[last]++;
            else ((double[])right.Data)[last] += 1.5 * golden.Tolerance(output, sizeof(Real));
            string wrong = Path.Combine(folder, "wrong.npz");
            Npz.Write(wrong, arrays);
            var compared = Command.Weft("compare", wrong, golden.FilePath, "--golden", Bits);
            Assert.Equal(1, compared.Code);
            Assert.Contains($"\n{output}[", compared.Output, StringComparison.Ordinal);
            Assert.Contains("1 of ", compared.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_comparison_fails_where_an_array_is_missing_or_has_another_shape_or_is_not_a_number()
    {
        string reference = Path.Combine(folder, "ref.npz"), other = Path.Combine(folder, "other.npz");
        Npz.Write(reference, [new("x", new NpyArray(new[] { 1.0, 2.0 }, 2)), new("n", new NpyArray(new long[] { 3 }, 1))]);
        var n = new NpyArray(new long[] { 3 }, 1);

        Assert.Equal((0, true), Compare(new NpyArray(new[] { 1f, 2f }, 2), n));
        Assert.Equal((1, false), Compare(null, n));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, 2.0 }, 1, 2), n));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, double.NaN }, 2), n));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, double.PositiveInfinity }, 2), n));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, 2.5 }, 2), n));
        Assert.Equal((0, true), Compare(new NpyArray(new[] { 1.0, 2.5 }, 2), n, "--tolerance", "0.5"));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, 2.0 }, 2), new NpyArray(new long[] { 4 }, 1), "--tolerance", "9"));
        Assert.Equal((1, false), Compare(new NpyArray(new[] { 1.0, 2.0 }, 2), new NpyArray(new[] { 3.0 }, 1), "--tolerance", "9"));

        (int Code, bool Holds) Compare(NpyArray? x, NpyArray integers, params string[] options)
        {
            Dictionary<string, NpyArray> arrays = new() { ["extra"] = n, ["n"] = integers };
            if (x is not null) arrays["x"] = x;
            Npz.Write(other, arrays);
            var result = Command.Weft(["compare", other, reference, .. options]);
            return (result.Code, result.Output.Contains("all 2 arrays hold", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_case_without_settings_names_the_file_and_the_key()
    {
        string lonely = Path.Combine(folder, "lonely.npz"), manifest = Path.Combine(folder, "manifest.json");
        File.Copy(GoldenCase.Load("gin").FilePath, lonely);
        ExpectError(manifest, "key lonely", "trace", lonely);
        File.WriteAllText(manifest, "{}");
        ExpectError(manifest, "key lonely", "trace", lonely);
        File.WriteAllText(manifest, "{\n\"lonely\": {]}");
        ExpectError(manifest, "line 2", "trace", lonely);
        File.WriteAllText(manifest, """{"lonely": {"layer": "gin2", "inputs": {}, "outputs": {}}}""");
        ExpectError(manifest, "'gin2'", "trace", lonely);
        File.WriteAllText(manifest, """{"lonely": {"layer": "gin", "inputs": {"W1": {}}, "outputs": {}}}""");
        ExpectError(lonely, "array W2", "trace", lonely);
        string none = Path.Combine(folder, "none.json");
        ExpectError(none, "key lonely", "trace", lonely, "--manifest", none);
        ExpectError(none, "key lonely", "compare", lonely, lonely, "--golden", "64", "--manifest", none);
    }

    private static void ExpectError(string file, string place, params string[] args)
    {
        var result = Command.Weft(args);
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.Contains(place, result.Error, StringComparison.Ordinal);
    }

    private string Trace(string file)
    {
        string traced = Path.Combine(folder, Path.GetRandomFileName() + ".npz");
        var result = Command.Weft("trace", file, "--out", traced);
        Assert.True(result.Code == 0, result.Error);
        Assert.All(result.Output.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
        return traced;
    }
}
