using System.Buffers.Binary;
using System.Text;
using Weft.Datasets;
using Weft.Memory;
using Weft.Training;

namespace Weft.Tests.Training;

public class SafetensorsTests
{
    [Fact]
    public void What_is_written_comes_back_to_the_bit_with_its_metadata()
    {
        using var folder = new TemporaryFolder();
        var W = Random(3, 5, 1);
        var b = Random(1, 7, 2);
        b[0, 3] = Real.NaN;
        string path = folder.File("model.safetensors");
        Safetensors.Write(path, [("l1.W", W), ("l1.b", b), ("empty", Matrix.Allocate(0, 4))], new Dictionary<string, string> { ["model"] = "gät \"v2\"\n" });
        var file = Safetensors.Read(path);
        Assert.Equal(["empty", "l1.W", "l1.b"], file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("gät \"v2\"\n", file.Metadata["model"]);
        Assert.Equal([0L, 4L], file.Tensors["empty"].Shape);
        var (backW, backB) = (Matrix.Allocate(3, 5), Matrix.Allocate(1, 7));
        file.CopyTo([("W", backW), ("b", backB)], prefix: "l1.");
        Assert.Equal(W.ToArray(), backW.ToArray());
        Assert.Equal(b.ToArray(), backB.ToArray());
        Assert.Equal([Path.GetFileName(path)], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_layout_is_the_formats()
    {
        using var stream = new MemoryStream();
        Safetensors.Write(stream, new Dictionary<string, StoredTensor>
        {
            ["a"] = new StoredTensor("F32", [1, 2], new byte[8]),
            ["numbers"] = StoredTensor.From([1.0, -2.5]),
        }, new Dictionary<string, string> { ["k"] = "v" });
        byte[] bytes = stream.ToArray();
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal("{\"__metadata__\":{\"k\":\"v\"},\"numbers\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[16,24]}}",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal(8 + length + 24, bytes.Length);
        Assert.Equal(-2.5, BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(8 + length + 8)));
    }

    [Theory]
    [InlineData("F64", "000000000000F83F00000000000004C0", 1.5, -2.5)]
    [InlineData("F32", "0000C03F000020C0", 1.5, -2.5)]
    [InlineData("F16", "003E00C1", 1.5, -2.5)]
    [InlineData("BF16", "C03F20C0", 1.5, -2.5)]
    public void Every_floating_type_loads_into_this_librarys(string type, string hex, double first, double second)
    {
        var target = Matrix.Allocate(1, 2);
        Read($$$"""{"w":{"dtype":"{{{type}}}","shape":[2],"data_offsets":[0,{{{hex.Length / 2}}}]}}""", Convert.FromHexString(hex)).CopyTo([("w", target)]);
        Assert.Equal([first, second], target.ToArray());
    }

    [Theory]
    [InlineData("I64", "FFFFFFFFFFFFFFFF", -1)]
    [InlineData("U16", "FFFF", 65535)]
    [InlineData("I8", "80", -128)]
    [InlineData("BOOL", "01", 1)]
    public void Integers_are_read_but_are_no_parameters(string type, string hex, double value)
    {
        var file = Read($$$"""{"w":{"dtype":"{{{type}}}","shape":[],"data_offsets":[0,{{{hex.Length / 2}}}]}}""", Convert.FromHexString(hex));
        Assert.Equal([value], file.Tensors["w"].ToArray());
        Assert.Contains($"the type is {type}", Assert.Throws<DataFormatException>(() => file.CopyTo([("w", Matrix.Allocate(1, 1))])).Message);
    }

    [Fact]
    public void A_missing_tensor_and_another_shape_are_named()
    {
        var file = Read("""{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""", new byte[24]);
        Assert.Contains("tensor v", Assert.Throws<DataFormatException>(() => file.CopyTo([("v", Matrix.Allocate(2, 3))])).Message);
        string message = Assert.Throws<DataFormatException>(() => file.CopyTo([("w", Matrix.Allocate(3, 2))])).Message;
        Assert.Contains("[2, 3]", message);
        Assert.Contains("[3, 2]", message);
    }

    [Theory]
    [InlineData("", 0, "not JSON")]
    [InlineData("[1]", 0, "no JSON object")]
    [InlineData("{\"w\":", 0, "not JSON")]
    [InlineData("{\"w\":5}", 0, "a JSON Number")]
    [InlineData("{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype is missing")]
    [InlineData("{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "dtype is F8_E4M3")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets is missing")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "shape holds -1")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4, "shape holds 1.5")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "takes 8 bytes and has 4")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4611686018427387904],\"data_offsets\":[0,4]}}", 4, "too large")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "data_offsets is [0, 8]")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "data_offsets is [4, 0]")]
    [InlineData("{\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "may not overlap")]
    [InlineData("{\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}", 12, "left out")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 6, "2 bytes follow")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "occurs twice")]
    [InlineData("{\"__metadata__\":{\"k\":3}}", 0, "__metadata__.k")]
    [InlineData("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "occurs twice")]
    public void A_header_that_is_wrong_is_refused_with_the_place(string header, int dataBytes, string message)
    {
        string found = Assert.Throws<DataFormatException>(() => Read(header, new byte[dataBytes])).Message;
        Assert.Contains(message, found);
        Assert.DoesNotContain('\n', found);
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused_and_a_claimed_length_is_never_allocated()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("cut.safetensors");
        Safetensors.Write(path, [("w", Random(2, 3, 4))]);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<DataFormatException>(() => Safetensors.Read(path));
        }
        foreach (ulong claim in new[] { 90_000_000ul, ulong.MaxValue })
        {
            byte[] lying = [.. BitConverter.GetBytes(claim), .. whole[8..]];
            File.WriteAllBytes(path, lying);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<DataFormatException>(() => Safetensors.Read(path));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        }
        File.WriteAllBytes(path, [8, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        Assert.Throws<DataFormatException>(() => Safetensors.Read(path));
        Assert.Throws<DataFormatException>(() => Safetensors.Read(folder.Path));
        Assert.Throws<DataFormatException>(() => Safetensors.Read(folder.File("absent.safetensors")));
    }

    private static Safetensors Read(string header, byte[] data)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(folder.File("f"), [.. BitConverter.GetBytes(bytes.LongLength), .. bytes, .. data]);
        return Safetensors.Read(folder.File("f"));
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return Matrix.From(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() - 0.5)]);
    }
}
