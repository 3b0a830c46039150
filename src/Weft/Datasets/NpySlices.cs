using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>A .npy file of which runs of entries are read, so that nobody holds the rest.</summary>
internal sealed class NpySlices : IDisposable
{
    private const int Block = 1 << 20;
    private readonly SafeFileHandle file;
    private readonly long start;
    private readonly string path;

    /// <summary>Opens a file; its header and its length are checked.</summary>
    /// <exception cref="DataFormatException">The file is missing, broken, or in Fortran order.</exception>
    public NpySlices(string path)
    {
        this.path = path;
        using var stream = DataFile.Open(path);
        Header = NpyHeader.Read(stream, path, $"array {Name}", out int bytes, mostEntries: long.MaxValue / 16);
        start = bytes;
        if (Header.FortranOrder && Header.Shape.Length > 1) throw Error("entries in Fortran order", "C order (numpy.ascontiguousarray)");
        long expected = Header.Count * NpyTypes.Size(Header.Type);
        if (stream.Length - start != expected) throw Error($"{stream.Length - start} bytes of entries", $"{expected} for shape ({string.Join(", ", Header.Shape)}) of {NpyTypes.Descr(Header.Type)}");
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
    }

    /// <summary>Type and shape.</summary>
    public NpyHeader Header { get; }

    /// <summary>Size of the first dimension.</summary>
    public long Rows => Header.Shape.Length > 0 ? Header.Shape[0] : 0;

    /// <summary>Size of the second dimension; 1 where there is none.</summary>
    public long Columns => Header.Shape.Length > 1 ? Header.Shape[1] : 1;

    private string Name => Path.GetFileNameWithoutExtension(path);

    /// <summary>The file as memory, entry by entry; the caller disposes of it before these slices.</summary>
    /// <param name="atRandom">True if entries are read here and there, so that the system need not read ahead.</param>
    public MappedArray Map(bool atRandom) => new(this, file, start, atRandom);

    /// <summary>Refuses another shape; −1 stands for any size.</summary>
    public NpySlices WithShape(params long[] shape)
    {
        bool same = shape.Length == Header.Shape.Length;
        for (int d = 0; same && d < shape.Length; d++) same = shape[d] < 0 || shape[d] == Header.Shape[d];
        return same ? this : throw Error($"shape ({string.Join(", ", Header.Shape)})", $"({string.Join(", ", shape.Select(s => s < 0 ? "any" : $"{s}"))})");
    }

    /// <summary>Entries first … first + count − 1 as 64-bit integers.</summary>
    public long[] Integers(long first, long count) => Header.Type switch
    {
        NpyType.I64 => Entries<long>(first, count),
        NpyType.I32 => Array.ConvertAll(Entries<int>(first, count), v => (long)v),
        _ => throw Error($"entries of type {NpyTypes.Descr(Header.Type)}", "integers (<i8 or <i4)"),
    };

    /// <summary>Entries first … first + count − 1, each 0 … bound − 1.</summary>
    public int[] Ids(long first, long count, long bound, string what = "a node")
    {
        long[] wide = Integers(first, count);
        var ids = new int[wide.Length];
        for (int e = 0; e < ids.Length; e++)
        {
            if ((ulong)wide[e] >= (ulong)bound) throw Error($"id {wide[e]}", $"{what}, 0 … {bound - 1}", $"[{first + e}]");
            ids[e] = (int)wide[e];
        }
        return ids;
    }

    /// <summary>Row pointers first … first + count: not falling, none beyond <paramref name="end"/>.</summary>
    public long[] Pointers(long first, long count, long end)
    {
        long[] pointers = Integers(first, count + 1);
        for (int i = 0; i < pointers.Length; i++)
            if (pointers[i] < (i == 0 ? 0 : pointers[i - 1]) || pointers[i] > end) throw Error($"{pointers[i]}", $"no less than the one before and at most {end}", $"[{first + i}]");
        return pointers;
    }

    /// <summary>Entries first … first + count − 1 as booleans.</summary>
    public bool[] Booleans(long first, long count)
    {
        if (Header.Type != NpyType.Boolean) throw Error($"entries of type {NpyTypes.Descr(Header.Type)}", "booleans (|b1)");
        byte[] bytes = Entries<byte>(first, count);
        int wrong = bytes.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1);
        return wrong < 0 ? Array.ConvertAll(bytes, b => b != 0) : throw Error($"a boolean of {bytes[wrong]}", "0 or 1", $"[{first + wrong}]");
    }

    /// <summary>Entries first … as finite numbers of this library's precision, filling <paramref name="values"/> row by row.</summary>
    public void Reals(long first, Matrix values)
    {
        if (Header.Type is not (NpyType.F32 or NpyType.F64)) throw Error($"entries of type {NpyTypes.Descr(Header.Type)}", "floating-point numbers (<f4 or <f8)");
        int width = (int)Math.Max(1, values.Columns);
        int rowsAtOnce = Math.Max(1, Block / width);
        for (long i = 0; i < values.Rows; i += rowsAtOnce)
        {
            int rows = (int)Math.Min(rowsAtOnce, values.Rows - i);
            double[]? wide = Header.Type == NpyType.F64 ? Entries<double>(first + i * width, (long)rows * width) : null;
            float[]? narrow = wide is null ? Entries<float>(first + i * width, (long)rows * width) : null;
            for (int r = 0, p = 0; r < rows; r++)
            {
                var row = values.Row(i + r);
                for (int j = 0; j < row.Length; j++, p++)
                {
                    row[j] = wide is null ? (Real)narrow![p] : (Real)wide[p];
                    if (!Real.IsFinite(row[j])) throw Error($"value {row[j]}", "a finite number", Header.Shape.Length == 2 ? $"[{(first + i * width + p) / Columns}, {(first + i * width + p) % Columns}]" : $"[{first + i + p}]");
                }
            }
        }
        values.KeepAlive();
    }

    /// <summary>All entries as UTF-8 lines.</summary>
    public string[] Lines() => Header.Type == NpyType.U8
        ? System.Text.Encoding.UTF8.GetString(Entries<byte>(0, Header.Count)).Split('\n')
        : throw Error($"entries of type {NpyTypes.Descr(Header.Type)}", "bytes (|u1)");

    /// <summary>An error at this array.</summary>
    public DataFormatException Error(string found, string expected, string index = "") => new(path, $"array {Name}{index}", found, expected);

    public void Dispose() => file?.Dispose();

    private T[] Entries<T>(long first, long count)
        where T : unmanaged
    {
        if (first < 0 || count < 0 || first + count > Header.Count) throw Error($"{Header.Count} entries", $"entries {first} … {first + count - 1}");
        if (count > Array.MaxLength) throw Error($"a run of {count} entries", $"at most {Array.MaxLength} at a time; use more processes");
        var entries = GC.AllocateUninitializedArray<T>((int)count);
        long size = Marshal.SizeOf<T>(), bytes = count * size;
        for (long done = 0; done < bytes;)
        {
            var target = NpyTypes.Bytes(entries, done, (int)Math.Min(64 * Block, bytes - done));
            int read = RandomAccess.Read(file, target, start + first * size + done);
            if (read == 0) throw Error($"the data end after {done} of {bytes} bytes", "the whole array; the file is cut off");
            done += read;
        }
        return entries;
    }
}
