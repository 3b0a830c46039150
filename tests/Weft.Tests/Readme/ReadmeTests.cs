using System.Text.RegularExpressions;
using Weft.Tests.Training;

namespace Weft.Tests.Readme;

public class ReadmeTests
{
    [Fact]
    public void The_twenty_lines_of_the_README_train_save_load_and_predict_on_a_new_graph_from_four_threads()
    {
        using var folder = new TemporaryFolder();
        var output = new StringWriter();
        TwentyLines.Run(Path.Combine(folder.Path, "model.safetensors"), output, CancellationToken.None);
        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        double accuracy = double.Parse(lines.Single(l => l.StartsWith("test accuracy", StringComparison.Ordinal)).Split(' ')[2]);
        Assert.InRange(accuracy, 70, 100);
        Assert.Single(lines.Where(l => l.StartsWith("node 0", StringComparison.Ordinal)).Distinct());
        Assert.Equal(4, lines.Count(l => l.StartsWith("node 0", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_README_shows_the_lines_that_the_test_runs()
    {
        string root = Root();
        string source = File.ReadAllText(Path.Combine(root, "tests", "Weft.Tests", "Readme", "TwentyLines.cs"));
        string[] lines = source.Split("// README: from here")[1].Split("// README: to here")[0].Split('\n')[1..^1];
        string code = string.Join('\n', lines.Select(l => l.Length > 8 ? l[8..] : ""));
        Assert.Contains(code, File.ReadAllText(Path.Combine(root, "README.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_file_that_the_README_points_to_is_there_and_nothing_is_left_to_fill_in()
    {
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        Assert.DoesNotContain("@@", readme, StringComparison.Ordinal);
        var targets = Regex.Matches(readme, @"\]\((?!https?:)([^)#]+)").Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(targets);
        Assert.All(targets, t => Assert.True(Path.Exists(Path.Combine(Root(), t)), t));
    }

    internal static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Weft.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Weft.slnx is in no folder above the tests");
        return folder;
    }
}
