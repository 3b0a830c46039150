using Weft.Datasets;
using Weft.Memory;
using Weft.Tests.Datasets;
using Weft.Training;

namespace Weft.Tests.Sampling;

/// <summary>A folder that cannot be mapped is refused with the file, the place and what was expected; a process never dies of it.</summary>
public class MappedMalformedTests
{
    [Fact]
    public void A_file_that_is_cut_off_is_refused()
    {
        foreach (string name in new[] { "col", "row_ptr", "x", "edge_weight", "y", "train_mask" })
        {
            using var folder = Written();
            using (var stream = new FileStream(folder[name + ".npy"], FileMode.Open)) stream.SetLength(stream.Length - 1);
            Refused(folder, name, "bytes of entries");
        }
    }

    [Fact]
    public void Row_pointers_that_fall_are_refused_by_their_place()
    {
        using var folder = Written();
        Change<long>(folder, "row_ptr", data => data[10] = data[9] - 1);
        Refused(folder, "row_ptr[10]", "no less than");
    }

    [Fact]
    public void Row_pointers_that_do_not_begin_at_0_are_refused()
    {
        using var folder = Written();
        Change<long>(folder, "row_ptr", data => data[0] = 1);
        Refused(folder, "row_ptr[0]", "0 at the start");
    }

    [Fact]
    public void Row_pointers_that_do_not_end_at_the_number_of_edges_are_refused()
    {
        using var folder = Written();
        Change<long>(folder, "row_ptr", data => data[^1]++);
        Refused(folder, "row_ptr[700]", "the number of entries of col");
    }

    [Theory]
    [InlineData(700)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_id_that_is_no_node_is_refused_where_it_is_read(int id)
    {
        using var folder = Written();
        Change<int>(folder, "col", data => data[20] = id);
        Refused(folder, "col[20]", $"id {id}", selfLoops: true);
        using var set = MappedDataset.Open(folder.Path, selfLoops: false);
        var problem = Assert.Throws<DataFormatException>(() => set.Edges.Source(20));
        Assert.Contains($"id {id}", problem.Message, StringComparison.Ordinal);
        Assert.Throws<DataFormatException>(() =>
        {
            for (int i = 0; i < set.Nodes; i++) set.Edges.Sources(i, new int[set.Edges.Degree(i)]);
        });
    }

    [Fact]
    public void Entries_of_another_type_are_refused()
    {
        foreach (string name in new[] { "col", "row_ptr" })
        {
            using var folder = Written();
            long count = NpyArray.Read(folder[name + ".npy"]).Count;
            new NpyArray(new double[count], count).Write(folder[name + ".npy"]);
            Refused(folder, name, "<f8");
        }
        foreach (string name in new[] { "x", "edge_weight" })
        {
            using var folder = Written();
            var old = NpyArray.Read(folder[name + ".npy"]);
            new NpyArray(new int[old.Count], old.Shape).Write(folder[name + ".npy"]);
            Refused(folder, name, "<i4");
        }
    }

    [Fact]
    public void Features_in_half_precision_are_refused_with_what_is_accepted()
    {
        using var folder = Written();
        byte[] bytes = File.ReadAllBytes(folder["x.npy"]);
        int at = bytes.AsSpan().IndexOf("<f4"u8);
        bytes[at + 2] = (byte)'2';
        File.WriteAllBytes(folder["x.npy"], bytes);
        Refused(folder, "x", "<f2");
    }

    [Fact]
    public void Arrays_of_another_length_are_refused()
    {
        foreach (var (name, shape) in new[] { ("x", new long[] { 699, 13 }), ("y", [699]), ("edge_weight", [5]), ("train_masks", [2, 701]) })
        {
            using var folder = Written();
            var type = NpyArray.Read(folder[name + ".npy"]).Type;
            long count = shape.Aggregate((a, b) => a * b);
            new NpyArray(NpyTypes.Allocate(type, count), shape).Write(folder[name + ".npy"]);
            Refused(folder, name, "shape");
        }
    }

    [Fact]
    public void A_feature_or_weight_that_is_not_finite_is_refused_where_it_is_read()
    {
        using var folder = Written();
        Change<float>(folder, "x", data => data[3 * 13 + 4] = float.NaN);
        Change<float>(folder, "edge_weight", data => data[2] = float.PositiveInfinity);
        using var set = MappedDataset.Open(folder.Path, selfLoops: false);
        var rows = Matrix.Allocate(2, 13);
        set.Features.Gather([2, 4], rows);
        Assert.Contains("x[3, 4]", Assert.Throws<DataFormatException>(() => set.Features.Gather([2, 3], rows)).Message, StringComparison.Ordinal);
        Assert.Contains("edge_weight[2]", Assert.Throws<DataFormatException>(() => set.Edges.Weight(2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        foreach (string name in new[] { "col", "x", "val_masks" })
        {
            using var folder = Written();
            File.Delete(folder[name + ".npy"]);
            Refused(folder, name == "val_masks" ? "val_mask" : name, name == "val_masks" ? "val" : "there is no such file");
        }
        using var empty = new TemporaryFolder();
        Refused(empty, "row_ptr.npy", "there is no such file");
    }

    [Fact]
    public void A_folder_in_parts_is_refused()
    {
        using var folder = Written();
        new NpyArray(Enumerable.Range(0, 700).ToArray(), 700).Write(folder["node_id.npy"]);
        Refused(folder, "node_id", "weft data convert");
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_in_use_ends_in_an_error()
    {
        using var folder = Written();
        using var set = MappedDataset.Open(folder.Path, selfLoops: false);
        try
        {
            using var stream = new FileStream(folder["x.npy"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.SetLength(200);
        }
        catch (IOException) when (OperatingSystem.IsWindows())
        {
            return;
        }
        Assert.Contains("while it is in use", Assert.Throws<DataFormatException>(() => set.Features.Gather([1], Matrix.Allocate(1, 13))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--undirected")]
    [InlineData("--transpose")]
    [InlineData("--features degree")]
    [InlineData("--random-features")]
    [InlineData("--order degree")]
    public void A_setting_that_looks_at_the_whole_graph_is_refused_by_name(string setting)
    {
        using var folder = Written();
        var settings = setting switch
        {
            "--undirected" => new DataSettings { Undirected = true },
            "--transpose" => new DataSettings { Transpose = true },
            "--features degree" => new DataSettings { Features = "degree" },
            "--random-features" => new DataSettings { RandomFeatures = 4 },
            _ => new DataSettings { Order = "degree" },
        };
        Assert.Contains(setting, Assert.Throws<ArgumentException>(() => MappedData.Open(folder.Path, settings, "gcn")).Message, StringComparison.Ordinal);
    }

    // Opened, and read as a run reads it.
    private static void Refused(TemporaryFolder folder, string place, string found, bool selfLoops = false)
    {
        var problem = Assert.Throws<DataFormatException>(() =>
        {
            using var set = MappedDataset.Open(folder.Path, selfLoops);
            MappedData.Prepare(set, new DataSettings(), run: 0);
        });
        Assert.Contains(place, problem.Message, StringComparison.Ordinal);
        Assert.Contains(found, problem.Message, StringComparison.Ordinal);
    }

    private static void Change<T>(TemporaryFolder folder, string name, Action<T[]> change)
    {
        var array = NpyArray.Read(folder[name + ".npy"]);
        change((T[])array.Data);
        array.Write(folder[name + ".npy"]);
    }

    private static TemporaryFolder Written()
    {
        var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, MappedDatasetTests.Made(weighted: true, sparse: false));
        return folder;
    }
}
