using System.Text.RegularExpressions;

namespace Weft.Tests;

/// <summary>
/// The rules that keep the sources in one order, read from the sources: which folder may name which, how long a file may be,
/// what nothing may be called.
/// </summary>
public partial class ArchitectureTests
{
    /// <summary>What each folder of the library may use. The command may use everything.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Memory"] = [],
        ["Kernels"] = ["Memory"],
        ["Communication"] = ["Memory"],
        ["Graphs"] = ["Communication", "Kernels", "Memory"],
        ["Layers"] = ["Graphs", "Communication", "Kernels", "Memory"],
        ["MessagePassing"] = ["Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Companions"] = ["Graphs", "Communication", "Kernels", "Memory"],
        ["Losses"] = ["Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Optimizers"] = ["Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Models"] = ["Links", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Links"] = ["Losses", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Sampling"] = ["Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Datasets"] = ["Sampling", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Distributed"] = ["Graphs", "Communication", "Kernels", "Memory"],
        ["Training"] = ["Distributed", "Models", "Links", "Losses", "Optimizers", "Sampling", "Datasets", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Measurement"] = ["Losses", "Optimizers", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
        ["Analysis"] = ["Companions", "MessagePassing", "Distributed", "Models", "Losses", "Optimizers", "Datasets", "Layers", "Graphs", "Communication", "Kernels", "Memory"],
    };

    /// <summary>Single files that may use more, each with its reason.</summary>
    private static readonly Dictionary<string, string[]> Exceptions = new()
    {
        // The first layer's input may be sparse, and the sparse matrix is a graph's.
        ["Memory/NodeMatrix.cs"] = ["Graphs"],
        // They hold replicas or stages of a model, where the rest of the folder knows only graphs.
        ["Distributed/DataParallel.cs"] = ["Models", "Layers"],
        ["Distributed/PipelineParallel.cs"] = ["Models", "Layers"],
    };

    private static readonly string[] Forbidden =
        ["Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Common", "Manager", "Managers", "Base"];

    private static readonly string Root = FindRoot();

    private const int LongestFile = 400;

    [Fact]
    public void No_arrow_between_folders_points_back()
    {
        Report(Sources("src/Weft").SelectMany(file => Arrows(Path.GetRelativePath(Path.Combine(Root, "src/Weft"), file), File.ReadAllText(file))));
    }

    [Fact]
    public void A_kernel_knows_of_a_graph_only_its_edge_view()
    {
        string[] types = [.. Sources("src/Weft/Graphs").SelectMany(file => DeclaredTypes(File.ReadAllText(file))).Except(["EdgeView", "EdgePieces", "LongRow"]).Distinct()];
        Assert.Contains("SparseMatrix", types);
        Report(from file in Sources("src/Weft/Kernels")
               let code = WithoutComments(File.ReadAllText(file))
               from type in types
               where Regex.IsMatch(code, $@"(?<![\w.]){type}\b")
               select $"{Relative(file)} names {type}, a type of Graphs; a kernel may know EdgeView and its pieces only");
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        Report(from file in Sources("src/Weft").Concat(Sources("tests/Weft.Tests"))
               let top = Relative(file).StartsWith("src", StringComparison.Ordinal) ? "src/Weft" : "tests/Weft.Tests"
               let folder = Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(Root, top), file))!
               let expected = (Path.GetFileName(top) + "/" + folder).TrimEnd('/').Replace('\\', '/').Replace('/', '.')
               let found = NamespaceLine().Match(File.ReadAllText(file))
               where found.Success && found.Groups[1].Value != expected
               select $"{Relative(file)} is in namespace {found.Groups[1].Value}; its folder says {expected}");
    }

    [Fact]
    public void No_file_is_longer_than_four_hundred_lines()
    {
        Report(from file in Sources("src").Concat(Sources("tests")).Concat(Sources("benchmarks"))
               let lines = File.ReadLines(file).Count()
               where lines > LongestFile
               select $"{Relative(file)} has {lines} lines; {LongestFile} is the limit. It is two ideas: part them");
    }

    [Fact]
    public void Nothing_has_a_name_that_says_nothing()
    {
        var files = Sources("src").Concat(Sources("tests")).Concat(Sources("benchmarks")).ToArray();
        Report(from file in files
               from name in Relative(file).Split('/').Concat(DeclaredTypes(File.ReadAllText(file))).Select(n => Path.GetFileNameWithoutExtension(n))
               where SaysNothing(name)
               select $"{Relative(file)}: {name} is no name; call it what it is");
    }

    [Fact]
    public void The_library_depends_on_no_package_and_shows_no_user_interface()
    {
        Assert.DoesNotContain("PackageReference", File.ReadAllText(Path.Combine(Root, "src/Weft/Weft.csproj")));
        Report(from file in Sources("src/Weft")
               from line in File.ReadLines(file)
               where UserInterface().IsMatch(line)
               select $"{Relative(file)}: {line.Trim()} belongs to the command");
    }

    [Fact]
    public void Nothing_is_left_to_do_and_no_error_is_swallowed()
    {
        Report(from file in Sources("src")
               from Match match in Unfinished().Matches(File.ReadAllText(file))
               select $"{Relative(file)}: {match.Value.ReplaceLineEndings(" ")}");
    }

    /// <summary>The rules themselves: sources that break them, made up here, are found.</summary>
    [Fact]
    public void The_rules_find_what_breaks_them()
    {
        Assert.Single(Arrows("Memory/Matrix.cs", "using Weft.Layers;\n"));
        Assert.Single(Arrows("Layers/Gat.cs", "global using static Weft.Distributed.ProcessGrid;\n"));
        Assert.Single(Arrows("Graphs/Graph.cs", "using Grid = Weft.Distributed.ProcessGrid;\n"));
        Assert.Single(Arrows("Graphs/Graph.cs", "class A { Layers.ILayer layer; }\n"));
        Assert.Single(Arrows("Training/Trainer.cs", "class A { Weft.Analysis.Cost cost; }\n"));
        Assert.Single(Arrows("Nowhere/Trainer.cs", ""));
        Assert.Empty(Arrows("Layers/Gat.cs", "using Weft.Graphs;\nusing System.Text;\n// Weft.Training.Trainer calls it\n"));
        Assert.True(SaysNothing("LayerBase"));
        Assert.True(SaysNothing("GraphHelpers"));
        Assert.False(SaysNothing("Database"));
        Assert.Equal(["A", "B", "C", "D"], DeclaredTypes("class A;\npublic readonly record struct B(int x);\ninternal static unsafe class C {}\nenum D { Base }"));
        Assert.Equal(4, Unfinished().Count("// TODO\nthrow new NotImplementedException();\ntry { } catch { }\ncatch (Exception e)\n{\n}"));
        Assert.Equal(0, Unfinished().Count("catch (IOException e) { throw new DataFormatException(e); }"));
        Assert.True(Sources("src/Weft").Count() > 5);
    }

    private static IEnumerable<string> Arrows(string file, string source)
    {
        file = file.Replace('\\', '/');
        string folder = file.Split('/')[0];
        if (!file.Contains('/')) yield break;
        if (!Allowed.TryGetValue(folder, out string[]? allowed))
        {
            yield return $"{file}: the folder {folder} has no place in the order of folders; give it one in ArchitectureTests";
            yield break;
        }
        string[] more = Exceptions.GetValueOrDefault(file, folder == "Kernels" ? ["Graphs"] : []);
        string names = string.Join('|', Allowed.Keys);
        var named = Regex.Matches(WithoutComments(source), $@"(?<![\w.])(?:Weft\.({names})\b|({names})\.[A-Z])")
            .Select(m => m.Groups[1].Value + m.Groups[2].Value).Distinct();
        foreach (string other in named)
            if (other != folder && !allowed.Contains(other) && !more.Contains(other))
                yield return $"{file} uses {other}; {folder} may use {(allowed.Length == 0 ? "nothing" : string.Join(", ", allowed))}";
    }

    private static IEnumerable<string> DeclaredTypes(string source) =>
        TypeDeclaration().Matches(WithoutComments(source)).Select(m => m.Groups[1].Value);

    private static bool SaysNothing(string name) => Word().Matches(name).Any(word => Forbidden.Contains(word.Value));

    /// <summary>Without comments and the namespace line; text in quotes stays.</summary>
    private static string WithoutComments(string source) => NamespaceLine().Replace(Comment().Replace(source, ""), "");

    private static void Report(IEnumerable<string> violations) =>
        Assert.True(violations.Order().ToArray() is { Length: 0 }, string.Join('\n', violations.Order()));

    private static IEnumerable<string> Sources(string folder) =>
        Directory.Exists(Path.Combine(Root, folder))
            ? Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
                .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj" or "artifacts"))
            : [];

    private static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Weft.slnx; these tests read the sources");
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"(?<![\w.""])(?:class|struct|interface|enum|record(?:\s+struct|\s+class)?)\s+([A-Z]\w*)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"[A-Z][a-z0-9]*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+)?(?:Spectre|System\.CommandLine|YamlDotNet)|\bConsole\.")]
    private static partial Regex UserInterface();

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|NotImplementedException|catch\s*(?:\([^)]*\))?\s*\{\s*\}")]
    private static partial Regex Unfinished();
}
