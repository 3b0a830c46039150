using System.Text;
using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class PlanetoidTests
{
    [Fact]
    public void Planetoids_cora_is_the_same_set_as_the_archive()
    {
        if (RealData.Find("cora.npz") is not { } archive || RealData.Find("raw/cora") is not { } raw) return;
        var set = Planetoid.Read(raw);
        Assert.Equal("cora", set.Name);
        DatasetTests.AssertSame(GraphArchive.Read(archive), set);
    }

    /// <summary>Writes what Planetoid's pickles hold, in their opcodes.</summary>
    private sealed class Pickler
    {
        private readonly List<byte> written = [];

        public Pickler() => Raw(0x80, 2);

        public Pickler Raw(params byte[] bytes)
        {
            written.AddRange(bytes);
            return this;
        }

        public Pickler Text(string text) => Raw(Encoding.Latin1.GetBytes(text));

        public Pickler Name(string name) => Raw([(byte)'U', (byte)name.Length, .. Encoding.Latin1.GetBytes(name)]);

        public Pickler Number(int value) => Raw([(byte)'J', .. BitConverter.GetBytes(value)]);

        public Pickler Array(string type, byte[] bytes, params int[] shape)
        {
            Text("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\u0000\u0085U\u0001b\u0087R(K\u0001");
            foreach (int size in shape) Number(size);
            Raw((byte)(0x84 + shape.Length)).Text("cnumpy\ndtype\n").Name(type).Text("K\u0000K\u0001\u0087R(K\u0003U\u0001<NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb\u0089");
            return Raw((byte)'T').Raw(BitConverter.GetBytes(bytes.Length)).Raw(bytes).Text("tb");
        }

        public byte[] End()
        {
            Raw((byte)'.');
            return [.. written];
        }
    }

    private static byte[] Bytes(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Bytes(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Words(int rows, int columns, int[] pointers, int[] indices, float[] values) => new Pickler()
        .Text("cscipy.sparse.csr\ncsr_matrix\n)\u0081}(").Name("_shape").Number(rows).Number(columns).Text("\u0086")
        .Name("indptr").Array("i4", Bytes(pointers), pointers.Length).Name("indices").Array("i4", Bytes(indices), indices.Length)
        .Name("data").Array("f4", Bytes(values), values.Length).Text("ub").End();

    /// <summary>A set with one training node, 501 further ones, and test nodes 502 and 504: node 503 is in no file, as in citeseer.</summary>
    private static void Write(TemporaryFolder folder)
    {
        int[] known = [.. Enumerable.Range(0, 502)];
        File.WriteAllBytes(folder["ind.tiny.x"], Words(1, 3, [0, 1], [0], [1]));
        File.WriteAllBytes(folder["ind.tiny.allx"], Words(502, 3, [.. known, 502], [.. known.Select(i => i % 3)], [.. known.Select(i => 1f + i)]));
        File.WriteAllBytes(folder["ind.tiny.tx"], Words(2, 3, [0, 2, 3], [2, 0, 1], [7, 8, 9]));
        byte[] Labels(int rows) => new Pickler().Array("i4", Bytes([.. Enumerable.Range(0, rows).SelectMany(i => i % 2 == 0 ? new[] { 1, 0 } : [0, 1])]), rows, 2).End();
        File.WriteAllBytes(folder["ind.tiny.y"], Labels(1));
        File.WriteAllBytes(folder["ind.tiny.ally"], Labels(502));
        File.WriteAllBytes(folder["ind.tiny.ty"], Labels(2));
        File.WriteAllBytes(folder["ind.tiny.graph"], new Pickler().Text("ccollections\ndefaultdict\nc__builtin__\nlist\n\u0085R(")
            .Number(0).Text("](").Number(502).Number(1).Number(1).Number(0).Text("e").Number(504).Text("]").Number(502).Text("au").End());
        File.WriteAllText(folder["ind.tiny.test.index"], "504\n502\n");
    }

    [Fact]
    public void Test_rows_go_to_their_positions_and_missing_ones_stay_empty()
    {
        using var folder = new TemporaryFolder();
        Write(folder);
        var set = Planetoid.Read(folder.Path);
        Assert.Equal((505, 3, 2), (set.Nodes, (int)set.Features.Columns, set.Classes));
        Assert.Equal([0, 0, 1, 502, 502, 504], set.Edges.Source);
        Assert.Equal([1, 502, 0, 0, 504, 502], set.Edges.Destination);
        Assert.Equal([0, 2], set.Features.Sparse!.IndicesOfRow(504).ToArray());
        Assert.Equal([8, 7], set.Features.Sparse.ValuesOfRow(504).ToArray());
        Assert.Equal(0, set.Features.Sparse.IndicesOfRow(503).Length);
        Assert.Equal([0, 1, 1, -1, 0], set.Labels![500..]);
        Assert.Equal((1, 500, 2), (set.Splits[0].TrainCount, set.Splits[0].ValidationCount, set.Splits[0].TestCount));
        Assert.True(set.Splits[0].Validation[1] && !set.Splits[0].Validation[501] && set.Splits[0].Test[504] && !set.Splits[0].Test[503]);
    }

    private static DataFormatException Refused(Action<TemporaryFolder> damage)
    {
        using var folder = new TemporaryFolder();
        Write(folder);
        damage(folder);
        var problem = Assert.Throws<DataFormatException>(() => Planetoid.Read(folder.Path));
        Assert.DoesNotContain('\n', problem.Message);
        return problem;
    }

    [Theory]
    [InlineData("cos\nsystem\nU\u0006reboot\u0085R", "os system")]
    [InlineData("c__builtin__\neval\nU\u0003" + "1+1\u0085R", "__builtin__ eval")]
    [InlineData("cnumpy.core.multiarray\nscalar\n)R", "numpy.core.multiarray scalar")]
    public void A_pickle_that_asks_for_anything_else_is_refused_by_its_name(string program, string said)
    {
        Assert.Contains("cut off", Refused(f => File.WriteAllBytes(f["ind.tiny.ally"], [])).Message);
        var problem = Refused(f => File.WriteAllBytes(f["ind.tiny.ally"], new Pickler().Text(program).End()));
        Assert.Contains(said, problem.Message);
        Assert.Contains("ind.tiny.ally, byte 2", problem.Message);
    }

    [Fact]
    public void An_unknown_opcode_is_refused_by_its_code_and_offset()
    {
        var problem = Refused(f => File.WriteAllBytes(f["ind.tiny.ally"], new Pickler().Text("K\u0001" + "i").End()));
        Assert.Contains("0x69 'i'", problem.Message);
        Assert.Contains("byte 4", problem.Message);
    }

    [Theory]
    [InlineData("ind.tiny.x")]
    [InlineData("ind.tiny.allx")]
    [InlineData("ind.tiny.ty")]
    [InlineData("ind.tiny.graph")]
    public void A_file_cut_off_anywhere_is_refused(string name)
    {
        using var folder = new TemporaryFolder();
        Write(folder);
        byte[] whole = File.ReadAllBytes(folder[name]);
        for (int length = 0; length < whole.Length; length += Math.Max(1, whole.Length / 40))
        {
            File.WriteAllBytes(folder[name], whole[..length]);
            Assert.Contains(name, Assert.Throws<DataFormatException>(() => Planetoid.Read(folder.Path)).Message);
        }
    }

    [Fact]
    public void A_flipped_bit_gives_a_set_or_a_refusal_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        Write(folder);
        int refused = 0;
        foreach (string name in new[] { "ind.tiny.tx", "ind.tiny.ty", "ind.tiny.graph" })
        {
            byte[] whole = File.ReadAllBytes(folder[name]);
            for (int bit = 0; bit < 8 * whole.Length; bit += 31)
            {
                byte[] broken = (byte[])whole.Clone();
                broken[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(folder[name], broken);
                try
                {
                    Planetoid.Read(folder.Path);
                }
                catch (DataFormatException)
                {
                    refused++;
                }
            }
            File.WriteAllBytes(folder[name], whole);
        }
        Assert.True(refused > 20, $"{refused} refused");
    }

    [Fact]
    public void Wrong_rows_nodes_and_lines_are_refused_by_place()
    {
        Assert.Contains("line 2", Refused(f => f.Write("ind.tiny.test.index", "504\n7\n")).Message);
        Assert.Contains("line 2", Refused(f => f.Write("ind.tiny.test.index", "504\n504\n")).Message);
        Assert.Contains("1 lines", Refused(f => f.Write("ind.tiny.test.index", "504\n")).Message);
        Assert.Contains("neighbour 505", Refused(f => File.WriteAllBytes(f["ind.tiny.graph"], new Pickler().Text("}").Number(0).Text("]").Number(505).Text("as").End())).Message);
        Assert.Contains("row 0", Refused(f => File.WriteAllBytes(f["ind.tiny.ty"], new Pickler().Array("i4", Bytes(1, 1, 0, 1), 2, 2).End())).Message);
        Assert.Contains("column 3", Refused(f => File.WriteAllBytes(f["ind.tiny.tx"], Words(2, 3, [0, 2, 3], [2, 3, 1], [7, 8, 9]))).Message);
        Assert.Contains("NaN", Refused(f => File.WriteAllBytes(f["ind.tiny.tx"], Words(2, 3, [0, 2, 3], [2, 0, 1], [7, float.NaN, 9]))).Message);
        Assert.Contains("no such file", Refused(f => File.Delete(f["ind.tiny.ty"])).Message);
    }
}
