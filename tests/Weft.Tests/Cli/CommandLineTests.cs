using System.CommandLine;
using Weft.Cli;
using Weft.Cli.Commands;
using Weft.Datasets;
using Weft.Memory;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class CommandLineTests
{
    public static TheoryData<string> Verbs =>
        ["", .. Root.Create().Subcommands.SelectMany(v => v.Subcommands.Select(s => $"{v.Name} {s.Name}").Prepend(v.Name))];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_of_every_verb_ends_with_examples_and_fits_eighty_columns(string verb)
    {
        var result = Command.Weft([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal(0, result.Code);
        Assert.Empty(result.Error);
        string[] lines = result.Output.TrimEnd().Split('\n');
        int examples = Array.FindIndex(lines, line => line.StartsWith("Examples:", StringComparison.Ordinal));
        Assert.True(examples > 0 && examples < lines.Length - 1, result.Output);
        Assert.All(lines[(examples + 1)..], line => Assert.Matches("^  (mpirun -n [0-9]+ )?weft", line));
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Fact]
    public void Weft_alone_shows_its_help()
    {
        var result = Command.Weft();
        Assert.Equal(0, result.Code);
        Assert.Equal(Command.Weft("--help").Output, result.Output);
    }

    [Fact]
    public void The_version_says_the_precision_if_it_is_double()
    {
        string version = Command.Weft("--version").Output;
        Assert.Matches(@"^weft \d+\.\d+\.\d+", version);
        Assert.Equal(sizeof(Real) == 8, version.Contains("double", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("did you mean trace?", "trase", "x.npz")]
    [InlineData("did you mean --tolerance?", "compare", "a.npz", "b.npz", "--tolernce", "1")]
    [InlineData("did you mean --out?", "trace", "--ot", "x.npz")]
    [InlineData("unknown command 'zzzzzz'", "zzzzzz")]
    [InlineData("one argument too many, 'c.npz'", "compare", "a.npz", "b.npz", "c.npz")]
    [InlineData("--tolerance is '-1': expected a number of at least 0", "compare", "a.npz", "b.npz", "--tolerance", "-1")]
    [InlineData("--tolerance is 'nan'", "compare", "a.npz", "b.npz", "--tolerance", "nan")]
    [InlineData("--golden is '16': expected 64, 32", "compare", "a.npz", "b.npz", "--golden", "16")]
    [InlineData("argument missing", "compare", "a.npz")]
    [InlineData("expected one of them", "compare", "a.npz", "b.npz", "--golden", "64", "--tolerance", "1")]
    [InlineData("there is no such file, nowhere.npz", "trace", "nowhere.npz")]
    public void A_wrong_command_line_gives_one_line_and_exit_code_2(string expected, params string[] args)
    {
        var result = Command.Weft(args);
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(1L << 40, 1L << 18)]
    [InlineData(1L << 40, 1L << 40)]
    public void A_matrix_beyond_all_memory_says_how_many_bytes_it_would_take(long rows, long columns)
    {
        var problem = Assert.Throws<InsufficientMemoryException>(() => Matrix.Allocate(rows, columns));
        using var error = new StringWriter();
        Assert.Equal(1, ErrorReport.Write(problem, error, debug: false));
        Assert.Contains($"{(Int128)rows * columns * sizeof(Real)} bytes", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("try a smaller", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_without_arrays_does_not_hold()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a.npz", "empty.npz" })
            Npz.Write(folder.File(name), name == "a.npz" ? new() { ["x"] = new NpyArray(new double[2], 2) } : new OrderedDictionary<string, NpyArray>());
        var result = Command.Weft("compare", folder.File("a.npz"), folder.File("empty.npz"));
        Assert.Equal(2, result.Code);
        Assert.Contains("nothing to compare with", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_debug_shows_a_stack_trace()
    {
        string[] args = ["trace", "nowhere.npz"];
        Assert.DoesNotContain("   at ", Command.Weft(args).Error, StringComparison.Ordinal);
        Assert.Contains("   at ", Command.Weft([.. args, "--debug"]).Error, StringComparison.Ordinal);
    }

    public static TheoryData<Exception, int, string> Problems => new()
    {
        { new UsageException("wrong"), 2, "error: wrong" },
        { new DataFormatException("x.csv", "line 3", "4 fields", "5"), 2, "error: 4 fields, x.csv, line 3: expected 5" },
        { new ArgumentException("heads is 0", "heads"), 2, "error: heads is 0" },
        { new FileNotFoundException("no x.npz"), 2, "error: no x.npz" },
        { new WorkFailedException("the loss\n became NaN"), 1, "error: the loss became NaN" },
        { new InsufficientMemoryException("no room"), 1, "error: no room; try a smaller width (--hidden, --heads), fewer graphs at a time (--batch-graphs) or a smaller set" },
        { new IOException("disk full"), 1, "error: disk full (--debug shows where)" },
        { new InvalidOperationException("a bug"), 1, "error: InvalidOperationException: a bug (--debug shows where)" },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public void A_problem_becomes_one_line_and_an_exit_code(Exception problem, int code, string line)
    {
        using var error = new StringWriter();
        Assert.Equal(code, ErrorReport.Write(problem, error, debug: false));
        Assert.Equal(line, error.ToString().TrimEnd());
    }

    [Fact]
    public void Work_that_is_cancelled_ends_with_130()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(130, Program.Run(["trace", "nowhere.npz"], output, error, cancelled.Token));
        Assert.Empty(error.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_signal_while_an_archive_is_written_leaves_what_was_there_before(int at)
    {
        using var folder = new TemporaryFolder();
        using var signal = new CancellationTokenSource();
        File.WriteAllText(folder.File("x.npz"), "before");
        var arrays = Enumerable.Range(0, 3).Select(i =>
        {
            if (i == at) signal.Cancel();
            return KeyValuePair.Create($"a{i}", new NpyArray(new double[2], 2));
        });
        Assert.ThrowsAny<OperationCanceledException>(() => OutputFile.WriteArchive(folder.File("x.npz"), arrays, signal.Token));
        Assert.Equal("before", File.ReadAllText(folder.File("x.npz")));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_signal_that_comes_after_the_last_stage_is_not_lost()
    {
        using var signal = new CancellationTokenSource();
        var verb = new Verb("work", "Works.");
        verb.Does((_, cancellation) =>
        {
            Assert.False(cancellation.IsCancellationRequested);
            signal.Cancel();
            return 0;
        });
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        Assert.ThrowsAny<OperationCanceledException>(() => verb.Parse([]).InvokeAsync(configuration, signal.Token).GetAwaiter().GetResult());
    }
}
