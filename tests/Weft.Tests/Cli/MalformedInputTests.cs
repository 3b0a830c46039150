using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Weft.Datasets;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

/// <summary>Broken files and wrong command lines: one line on standard error, exit code 2, nothing written.</summary>
public class MalformedInputTests
{
    private static OrderedDictionary<string, NpyArray> Sound()
    {
        var arrays = ArraySchemaWriter.Archive(Generated.StochasticBlocks(60, 3, 4, 0.8, 5, 1));
        foreach (var (name, take) in new (string, Func<int, bool>)[] { ("train", i => i < 20), ("val", i => i is >= 20 and < 30), ("test", i => i >= 30) })
            arrays[$"{name}_mask"] = new NpyArray(Enumerable.Range(0, 60).Select(take).ToArray(), 60);
        return arrays;
    }

    private static byte[] SoundBytes() => Bytes(Sound());

    private static byte[] Bytes(OrderedDictionary<string, NpyArray> arrays)
    {
        using var stream = new MemoryStream();
        Npz.Write(stream, arrays);
        return stream.ToArray();
    }

    private static byte[] With(Action<OrderedDictionary<string, NpyArray>> damage)
    {
        var arrays = Sound();
        damage(arrays);
        return Bytes(arrays);
    }

    private static byte[] Flipped()
    {
        byte[] bytes = SoundBytes();
        bytes[bytes.Length / 3] ^= 0x40;
        return bytes;
    }

    // The first local header and the directory both claim a gigabyte.
    private static byte[] Claiming()
    {
        byte[] bytes = SoundBytes();
        for (int p = 0; p < bytes.Length - 46; p++)
        {
            uint signature = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(p));
            if (signature == 0x04034b50) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(p + 22), 1 << 30);
            if (signature == 0x02014b50) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(p + 24), 1 << 30);
        }
        return bytes;
    }

    private static byte[] Pickled()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry("edge_index.npy").Open())
        {
            string header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".PadRight(117) + "\n";
            entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), 0x80, 2, (byte)'N', (byte)'.']);
        }
        return stream.ToArray();
    }

    private static readonly Dictionary<string, (string File, Func<byte[]> Bytes, string Said)> Files = new()
    {
        ["truncated"] = ("x.npz", () => SoundBytes()[..^200], "x.npz"),
        ["flipped byte"] = ("x.npz", Flipped, "x.npz"),
        ["claims more than it holds"] = ("x.npz", Claiming, "x.npz"),
        ["wrong type"] = ("x.npz", () => With(a => a["edge_index"] = new NpyArray(new float[4], 2, 2)), "edge_index"),
        ["edge id out of range"] = ("x.npz", () => With(a => a["edge_index"] = new NpyArray(new long[] { 0, 1, 2, 60 }, 2, 2)), "60"),
        ["NaN feature"] = ("x.npz", () => With(a => ((Array)a["x"].Data).SetValue(Convert.ChangeType(double.NaN, a["x"].Data.GetType().GetElementType()!, null), 7)), "array x[1, 2]"),
        ["label out of range"] = ("x.npz", () => With(a => { a["num_classes"] = new NpyArray(new long[] { 3 }, 1); ((long[])a["y"].Data)[4] = 9; }), "array y[4]"),
        ["negative label"] = ("x.npz", () => With(a => ((long[])a["y"].Data)[4] = -3), "array y[4]"),
        ["mask of the wrong length"] = ("x.npz", () => With(a => a["val_mask"] = new NpyArray(new bool[59], 59)), "val_mask"),
        ["pickled objects"] = ("x.npz", Pickled, "edge_index"),
        ["ragged CSV"] = ("x.csv", () => "source,target\n0,1\n1,2,3\n"u8.ToArray(), "line 3"),
        ["Matrix Market with wrong counts"] = ("x.mtx", () => "%%MatrixMarket matrix coordinate pattern general\n3 3 4\n1 2\n2 3\n"u8.ToArray(), "x.mtx"),
        ["unknown ending"] = ("x.gml", () => "graph"u8.ToArray(), ".gml"),
        ["folder without a set"] = ("some/readme.txt", () => "nothing"u8.ToArray(), "some"),
    };

    public static TheoryData<string> Cases => [.. Files.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_broken_file_is_refused_in_one_line_and_nothing_is_written(string what)
    {
        var (file, bytes, said) = Files[what];
        using var folder = new TemporaryFolder();
        string path = folder.File(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes());
        if (file.Contains('/', StringComparison.Ordinal)) path = Path.GetDirectoryName(path)!;
        foreach (string[] args in new string[][] { ["train", path, "--out", folder.File("run"), "--json"], ["data", "info", path, "--json"], ["data", "convert", path, folder.File("out.npz")] })
            Refused(folder, args, said);
    }

    [Fact]
    public void The_sound_file_is_not_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("x.npz"), SoundBytes());
        Assert.Equal(0, Command.Weft("data", "info", folder.File("x.npz")).Code);
        var trained = Command.Weft("train", folder.File("x.npz"), "--epochs", "2", "--quiet", "--out", folder.File("run"));
        Assert.True(trained.Code == 0, trained.Error);
    }

    [Theory]
    [InlineData("this folder holds no set of a known kind", "train", "karate.npz/", "--out", "RUN")]
    [InlineData("there is no such file", "train", "nowhere/x.npz", "--out", "RUN")]
    [InlineData("did you mean --heads?", "train", "karate", "--head", "2", "--out", "RUN")]
    [InlineData("--heads is '0': expected a whole number of at least 1", "train", "karate", "--heads", "0", "--out", "RUN")]
    [InlineData("--hidden is '99999999999': expected a whole number from 1 to 2147483647", "train", "karate", "--hidden", "99999999999", "--out", "RUN")]
    [InlineData("--seed is '-1': expected a whole number of at least 0", "train", "karate", "--seed", "-1", "--out", "RUN")]
    [InlineData("--seed is '18446744073709551616': expected a whole number from 0 to 18446744073709551615", "train", "karate", "--seed", "18446744073709551616", "--out", "RUN")]
    [InlineData("--self-loops is 'yes': expected on, off", "train", "karate", "--self-loops", "yes", "--out", "RUN")]
    [InlineData("there is no such file", "train", "--self-loops", "nowhere.npz", "--out", "RUN")]
    [InlineData("--dropout is '1': expected a number from 0 up to, not including, 1", "train", "karate", "--dropout", "1", "--out", "RUN")]
    [InlineData("--epochs is 'many'", "train", "karate", "--epochs", "many", "--out", "RUN")]
    [InlineData("--lr is '0': expected a number above 0 and finite", "train", "karate", "--lr", "0", "--out", "RUN")]
    [InlineData("there is no such schedule", "train", "karate", "--schedule", "wild", "--out", "RUN")]
    [InlineData("there is no recipe 'none'", "train", "karate", "--recipe", "none", "--out", "RUN")]
    [InlineData("published splits of karate", "train", "karate", "--split", "3", "--out", "RUN")]
    [InlineData("nofile.yaml", "train", "karate", "--config", "nofile.yaml", "--out", "RUN")]
    [InlineData("config.json", "train", "--resume", "RUN")]
    [InlineData("config.json", "evaluate", "RUN")]
    [InlineData("config.json", "predict", "RUN")]
    [InlineData("expected a name ending in .npz, or a folder", "data", "convert", "karate", "RUN.txt")]
    [InlineData("there is no folder", "data", "convert", "karate", "RUN/x.npz")]
    [InlineData("above 2", "data", "generate", "powerlaw", "--exponent", "2", "--out", "RUN.npz")]
    [InlineData("there is no recipe 'none'", "recipe", "show", "none")]
    [InlineData("no command given", "data")]
    public void A_wrong_command_line_is_refused_in_one_line_and_nothing_is_written(string said, params string[] args)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("karate.npz"));
        Refused(folder, [.. args.Select(a => a.StartsWith("RUN", StringComparison.Ordinal) || a == "karate.npz/" ? folder.File(a) : a)], said);
    }

    private static void Refused(TemporaryFolder folder, string[] args, string said)
    {
        string[] before = Entries(folder);
        var result = Command.Weft(args);
        Assert.True(result.Code == 2, $"exit code {result.Code}: {result.Error}");
        Assert.Empty(result.Output);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Entries(folder));
    }

    private static string[] Entries(TemporaryFolder folder) => [.. Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
