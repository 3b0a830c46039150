using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class DatasetCatalogTests
{
    private static string Refusal(string name, DatasetFolders folders) =>
        Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(name, folders, fetch: false)).Message;

    [Fact]
    public void Names_are_found_in_the_folders_with_dashes_and_underscores_alike()
    {
        using var data = new TemporaryFolder();
        using var cache = new TemporaryFolder();
        var folders = new DatasetFolders(data.Path, cache.Path);
        GraphArchive.Write(data["my_set.npz"], DatasetTests.Sample());
        GraphArchive.Write(cache["my_set.npz"], Karate.Create());
        GraphArchive.Write(cache["other.npz"], Karate.Create());
        GraphArchive.WriteFolder(Path.Combine(data.Path, "raw", "a-folder"), DatasetTests.Sample());
        Assert.Equal(5, DatasetCatalog.Open("my-set", folders).Nodes);
        Assert.Equal("my-set", DatasetCatalog.Open("my-set", folders).Name);
        Assert.Equal(34, DatasetCatalog.Open("other", folders).Nodes);
        Assert.Equal(5, DatasetCatalog.Open("a_folder", folders).Nodes);
    }

    [Fact]
    public void Built_in_names_win_unless_a_path_is_given()
    {
        using var data = new TemporaryFolder();
        GraphArchive.Write(data["karate.npz"], DatasetTests.Sample());
        Assert.Equal(34, DatasetCatalog.Open("karate", new DatasetFolders(data.Path, data.Path)).Nodes);
        Assert.Equal(5, DatasetCatalog.Open(data["karate.npz"]).Nodes);
        Assert.Equal(24, DatasetCatalog.Open("dictionary_lookup-4").Graphs!.Count);
        Assert.Equal(2700, DatasetCatalog.Open("citations").Nodes);
    }

    [Fact]
    public void A_name_that_is_nowhere_tells_the_file_that_was_looked_for()
    {
        using var data = new TemporaryFolder();
        var folders = new DatasetFolders(data.Path, data["cache"]);
        Assert.Contains(data["no_such.npz"], Refusal("no-such", folders));
        Assert.Contains("weft data fetch cora", Refusal("cora", folders));
        Assert.Contains("planetoid", Refusal("pubmed", folders));
        Assert.Contains("pickled", Refusal("amazon-photo", folders));
        Assert.Contains("dictionary-lookup-K", Refusal("dictionary-lookup-x", folders));
    }

    [Fact]
    public void A_path_that_holds_no_set_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Refusal(folder["none.npz"], DatasetFolders.Default));
        Assert.Contains("no such file", Refusal(folder["none.mtx"], DatasetFolders.Default).Replace("no such file or folder", "no such file"));
        Assert.Contains(".docx", Refusal(folder.Write("a.docx", "x"), DatasetFolders.Default));
        Assert.Contains("known kind", Refusal(folder.Path, DatasetFolders.Default));
        Directory.CreateDirectory(folder["dir.npz"]);
        Assert.Contains("known kind", Refusal(folder["dir.npz"], DatasetFolders.Default));
    }

    [Fact]
    public void Every_kind_of_real_set_opens_by_its_name()
    {
        if (RealData.Find("") is not { } data) return;
        var folders = new DatasetFolders(data, data);
        foreach (string name in new[] { "cora", "squirrel-filtered", "MUTAG" })
            Assert.Equal(name, DatasetCatalog.Open(name, folders, fetch: false).Name);
    }
}
