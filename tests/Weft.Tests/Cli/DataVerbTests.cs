using System.Text.Json;
using Weft.Datasets;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class DataVerbTests
{
    private static JsonElement Json(params string[] args)
    {
        var result = Command.Weft(args);
        Assert.True(result.Code == 0, result.Error);
        Assert.Single(result.Output.TrimEnd().Split('\n'));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void Info_counts_what_is_known_of_the_karate_club()
    {
        var info = Json("data", "info", "karate", "--json");
        Assert.Equal((34, 156, 2), (info.GetProperty("nodes").GetInt32(), info.GetProperty("edges").GetInt32(), info.GetProperty("classes").GetInt32()));
        Assert.Equal(17, info.GetProperty("in_degree").GetProperty("max").GetInt32());
        Assert.Equal(34, info.GetProperty("degree_histogram").EnumerateArray().Sum(bin => bin.GetProperty("in_count").GetInt32()));
        Assert.Equal(32, info.GetProperty("splits")[0].GetProperty("test").GetInt32());
        foreach (string key in new[] { "features", "isolated_nodes", "self_loops", "edge_homophily", "symmetric", "class_sizes" })
            Assert.True(info.TryGetProperty(key, out _), key);
    }

    [Theory]
    [InlineData("karate")]
    [InlineData("citations")]
    [InlineData("dictionary-lookup-3")]
    public void Info_shows_a_table_and_bars_within_eighty_columns(string name)
    {
        string[] lines = Command.Weft("data", "info", name).Output.ReplaceLineEndings("\n").Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        foreach (string word in new[] { "nodes", "edges", "features", "classes", "in-degree", "isolated nodes", "self-loops", "split", "nodes by in-degree" })
            Assert.Contains(lines, line => line.StartsWith(word, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(new string('█', 24), StringComparison.Ordinal));
    }

    [Fact]
    public void A_set_survives_being_converted_to_an_archive_and_to_a_folder()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Command.Weft("data", "convert", "karate", folder.File("k.npz")).Code);
        Assert.Equal(0, Command.Weft("data", "convert", folder.File("k.npz"), folder.File("k") + "/").Code);
        Assert.True(File.Exists(folder.File("k/row_ptr.npy")));
        var (expected, archive, files) = (Karate.Create(), DatasetCatalog.Open(folder.File("k.npz")), DatasetCatalog.Open(folder.File("k")));
        Assert.Equal(expected.Edges.Source, archive.Edges.Source);
        Assert.Equal(expected.Edges.InDegrees(), files.Edges.InDegrees());
        Assert.Equal(expected.Labels, files.Labels);
        Assert.Equal(expected.ClassNames, files.ClassNames);
    }

    [Fact]
    public void Converting_can_turn_edges_round_and_add_reverses()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("e.csv"), "source,target\n0,1\n1,2\n");
        foreach (string option in new[] { "--transpose", "--undirected" })
            Assert.Equal(0, Command.Weft("data", "convert", folder.File("e.csv"), folder.File(option + ".npz"), option).Code);
        Assert.Equal([1, 2], DatasetCatalog.Open(folder.File("--transpose.npz")).Edges.Source);
        Assert.Equal(4, DatasetCatalog.Open(folder.File("--undirected.npz")).Edges.Count);
    }

    [Fact]
    public void A_folder_with_other_files_in_it_is_not_written_to()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("mine"));
        File.WriteAllText(folder.File("mine/x.npy"), "precious");
        Assert.Equal(2, Command.Weft("data", "convert", "karate", folder.File("mine")).Code);
        Assert.Equal("precious", File.ReadAllText(folder.File("mine/x.npy")));
        Assert.Single(Directory.GetFiles(folder.File("mine")));
    }

    [Theory]
    [InlineData(200, "sbm", "--nodes", "200", "--classes", "3", "--features", "4")]
    [InlineData(64, "rmat", "--scale", "6", "--edge-factor", "4")]
    [InlineData(100, "powerlaw", "--nodes", "100", "--degree", "4")]
    [InlineData(12, "grid", "--rows", "3", "--columns", "4", "--diagonals")]
    [InlineData(36, "dictionary-lookup", "--size", "3")]
    [InlineData(2700, "citations", "--seed", "2")]
    public void Every_generator_writes_a_set_that_opens_and_that_its_seed_decides(int nodes, params string[] kind)
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a.npz", "b.npz" })
        {
            var result = Command.Weft(["data", "generate", .. kind, "--out", folder.File(name)]);
            Assert.True(result.Code == 0, result.Error);
        }
        Assert.Equal(nodes, DatasetCatalog.Open(folder.File("a.npz")).Nodes);
        Assert.Equal(File.ReadAllBytes(folder.File("a.npz")), File.ReadAllBytes(folder.File("b.npz")));
    }

    [Fact]
    public void The_list_has_what_is_built_in_and_what_can_be_fetched()
    {
        string[] names = [.. Json("data", "list", "--json").GetProperty("datasets").EnumerateArray().Select(d => d.GetProperty("name").GetString()!)];
        Assert.Equal(DatasetCatalog.BuiltIn, names[..3]);
        Assert.All(Downloads.Sets, set => Assert.Contains(set.Name, names));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Every_recipe_is_listed_and_shown_in_both_formats()
    {
        var listed = Json("recipe", "list", "--json").GetProperty("recipes");
        using var folder = new TemporaryFolder();
        foreach (var recipe in Weft.Training.Recipes.All)
        {
            Assert.Contains(listed.EnumerateArray(), r => r.GetProperty("name").GetString() == recipe.Name);
            string json = Command.Weft("recipe", "show", recipe.Name, "--json").Output, yaml = Command.Weft("recipe", "show", recipe.Name).Output;
            File.WriteAllText(folder.File("r.yaml"), yaml);
            Assert.Equal(recipe.Configure(recipe.Datasets[0]), Weft.Training.RunConfig.FromJson(json, "json"));
            Assert.Equal(recipe.Configure(recipe.Datasets[0]), Weft.Cli.Commands.ConfigFile.Read(folder.File("r.yaml")));
        }
    }

    [Fact]
    public void A_recipe_says_where_the_loss_alone_stops_it()
    {
        string list = Command.Weft("recipe", "list").Output;
        Assert.Contains("gat-paper stops by the validation loss alone on pubmed", list, StringComparison.Ordinal);
        Assert.DoesNotContain("gcn-paper stops", list, StringComparison.Ordinal);
        Assert.Contains("whatever the score", Command.Weft("recipe", "show", "gat-paper", "pubmed").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("whatever the score", Command.Weft("recipe", "show", "gat-paper", "cora").Output, StringComparison.Ordinal);
        var listed = Json("recipe", "list", "--json").GetProperty("recipes").EnumerateArray().Single(r => r.GetProperty("name").GetString() == "gat-paper").GetProperty("stopping");
        Assert.Equal(("best", "loss"), (listed.GetProperty("cora").GetString(), listed.GetProperty("pubmed").GetString()));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named_as_the_user_named_it()
    {
        using var folder = new TemporaryFolder();
        string gone = folder.File("gone/x.npz");
        var problem = Assert.Throws<DirectoryNotFoundException>(() => GraphArchive.Write(gone, Karate.Create()));
        Assert.Contains(gone, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", problem.Message, StringComparison.Ordinal);
    }
}
