using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class NpzTests
{
    private static OrderedDictionary<string, NpyArray> Sample() => new()
    {
        ["edge_index"] = new NpyArray(new long[] { 0, 1, 2, 1, 2, 0 }, 2, 3),
        ["x"] = new NpyArray(new float[] { 1, 2.5f, -3, 0, 1e-30f, 7 }, 3, 2),
        ["wide"] = new NpyArray(new double[] { Math.PI }, 1),
        ["indices"] = new NpyArray(new[] { 4, -5 }, 2),
        ["mask"] = new NpyArray(new[] { true, false, true }, 3),
        ["text"] = new NpyArray("äb"u8.ToArray(), 3),
        ["empty"] = new NpyArray(Array.Empty<float>(), 0, 4),
        ["scalar"] = new NpyArray(new[] { 42L }),
    };

    private static byte[] Bytes(OrderedDictionary<string, NpyArray> arrays)
    {
        using var stream = new MemoryStream();
        Npz.Write(stream, arrays);
        return stream.ToArray();
    }

    private static OrderedDictionary<string, NpyArray> Read(byte[] bytes) => Npz.Read(new MemoryStream(bytes), "broken.npz");

    private static void AssertSame(OrderedDictionary<string, NpyArray> expected, OrderedDictionary<string, NpyArray> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (name, array) in expected)
        {
            Assert.Equal(array.Type, actual[name].Type);
            Assert.Equal(array.Shape, actual[name].Shape);
            Assert.Equal(array.Data, actual[name].Data);
        }
    }

    [Fact]
    public void Arrays_come_back_with_type_shape_order_and_every_value() => AssertSame(Sample(), Read(Bytes(Sample())));

    [Fact]
    public void The_same_arrays_give_the_same_bytes() => Assert.Equal(Bytes(Sample()), Bytes(Sample()));

    [Fact]
    public void An_array_larger_than_a_block_comes_back()
    {
        var large = new long[700_001];
        for (int i = 0; i < large.Length; i++) large[i] = i * 7919L % 1_000_003;
        var arrays = new OrderedDictionary<string, NpyArray> { ["large"] = new(large, large.Length), ["zeros"] = new(new float[3_000_000], 3_000_000) };
        AssertSame(arrays, Read(Bytes(arrays)));
    }

    [Fact]
    public void Every_single_flipped_bit_is_refused_or_changes_no_array()
    {
        var sample = Sample();
        byte[] whole = Bytes(sample);
        int refused = 0;
        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            byte[] broken = (byte[])whole.Clone();
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                AssertSame(sample, Read(broken));
            }
            catch (DataFormatException problem)
            {
                Assert.Contains("broken.npz", problem.Message);
                Assert.DoesNotContain('\n', problem.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 8 * whole.Length / 2, 8 * whole.Length);
    }

    [Fact]
    public void An_archive_cut_off_anywhere_is_refused()
    {
        byte[] whole = Bytes(Sample());
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<DataFormatException>(() => Read(whole[..length]));
    }

    [Fact]
    public void A_member_that_claims_more_than_it_holds_is_refused_without_the_memory_it_claims()
    {
        var arrays = new OrderedDictionary<string, NpyArray> { ["x"] = new(new float[1000], 1000) };
        byte[] bytes = Bytes(arrays);
        // The directory is the authority on sizes: claim 1.9 GB there and in the .npy header's shape check.
        int directory = LastIndexOf(bytes, 0x02014b50);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(directory + 24), 1_900_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var problem = Assert.Throws<DataFormatException>(() => Read(bytes));
        Assert.Contains("array x", problem.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
    }

    [Fact]
    public void A_shape_that_claims_more_than_the_file_holds_is_refused_without_the_memory_it_claims()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x.npy"], [.. new NpyHeaderBytes("<f4", "False", "(400000000,)").Bytes, 1, 2, 3, 4]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("x.npy", Assert.Throws<DataFormatException>(() => NpyArray.Read(folder["x.npy"])).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
    }

    [Theory]
    [InlineData("|O", "False", "()", "pickled")]
    [InlineData(">f4", "False", "(1,)", ">f4")]
    [InlineData("<U5", "False", "(1,)", "<U5")]
    [InlineData("<f4", "Maybe", "(1,)", "plain form")]
    [InlineData("<f4", "False", "(-1,)", "plain form")]
    [InlineData("<f4", "False", "(99999999999,)", "99999999999")]
    [InlineData("<f4", "False", "(2000000000, 2000000000)", "shape")]
    [InlineData("<f4", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "dimensions")]
    public void A_strange_header_is_refused_by_name(string descr, string order, string shape, string said)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x.npy"], [.. new NpyHeaderBytes(descr, order, shape).Bytes, 0, 0, 0, 0]);
        var problem = Assert.Throws<DataFormatException>(() => NpyArray.Read(folder["x.npy"]));
        Assert.Contains(said, problem.Message);
        Assert.Contains("x.npy", problem.Message);
    }

    [Fact]
    public void Fortran_order_is_read_as_the_same_array()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x.npy"], [.. new NpyHeaderBytes("|u1", "True", "(2, 3)").Bytes, 1, 4, 2, 5, 3, 6]);
        Assert.Equal(new byte[] { 1, 2, 3, 4, 5, 6 }, NpyArray.Read(folder["x.npy"]).AsBytes());
    }

    [Fact]
    public void A_boolean_that_is_neither_0_nor_1_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["m.npy"], [.. new NpyHeaderBytes("|b1", "False", "(2,)").Bytes, 1, 2]);
        Assert.Contains("m[1]", Assert.Throws<DataFormatException>(() => NpyArray.Read(folder["m.npy"])).Message);
    }

    [Fact]
    public void A_wrong_type_is_refused_with_the_file_the_array_and_the_type()
    {
        var problem = Assert.Throws<DataFormatException>(() => Read(Bytes(Sample()))["x"].AsIntegers());
        Assert.Contains("broken.npz", problem.Message);
        Assert.Contains("array x", problem.Message);
        Assert.Contains("<f4", problem.Message);
    }

    [Fact]
    public void A_folder_and_a_missing_file_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("folder", Assert.Throws<DataFormatException>(() => Npz.Read(folder.Path)).Message);
        Assert.Contains("no such file", Assert.Throws<DataFormatException>(() => Npz.Read(folder["none.npz"])).Message);
    }

    [Fact]
    public void A_member_that_is_no_array_is_refused_by_name()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (var writer = new StreamWriter(zip.CreateEntry("notes.txt").Open()))
            writer.Write("hello");
        Assert.Contains("notes.txt", Assert.Throws<DataFormatException>(() => Read(stream.ToArray())).Message);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_beside_it()
    {
        using var folder = new TemporaryFolder();
        Npz.Write(folder["a.npz"], Sample());
        byte[] old = File.ReadAllBytes(folder["a.npz"]);
        IEnumerable<KeyValuePair<string, NpyArray>> Failing()
        {
            yield return new("x", new NpyArray(new float[100_000], 100_000));
            throw new IOException("no space left on device");
        }
        Assert.Throws<IOException>(() => Npz.Write(folder["a.npz"], Failing()));
        Assert.Equal(old, File.ReadAllBytes(folder["a.npz"]));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    private static int LastIndexOf(byte[] bytes, uint signature)
    {
        for (int p = bytes.Length - 4; ; p--)
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(p)) == signature) return p;
    }

    /// <summary>A version 1.0 header with any words in its three places.</summary>
    private sealed record NpyHeaderBytes(string Descr, string Order, string Shape)
    {
        public byte[] Bytes
        {
            get
            {
                byte[] text = Encoding.ASCII.GetBytes($"{{'descr': '{Descr}', 'fortran_order': {Order}, 'shape': {Shape}, }}\n");
                return [0x93, .. "NUMPY\x01\0"u8, (byte)text.Length, 0, .. text];
            }
        }
    }
}
