using Weft.Memory;

namespace Weft.Datasets;

/// <summary>An array as .npy files hold it: plain little-endian numbers of one type, in C order, with a shape.</summary>
public sealed class NpyArray
{
    private const int Block = 1 << 20;

    /// <summary>An array of the given shape over <paramref name="data"/>, which is kept.</summary>
    /// <param name="data">bool[], byte[], int[], long[], float[] or double[], row by row.</param>
    /// <param name="shape">Size of each dimension; none for a scalar.</param>
    /// <exception cref="ArgumentException">The type is another one, or the shape has another number of entries.</exception>
    public NpyArray(Array data, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(shape);
        Type = NpyTypes.Of(data) ?? throw new ArgumentException($"a .npy array holds {NpyTypes.Known}; {data.GetType().Name} was given", nameof(data));
        (Data, Shape) = (data, shape);
        if (new NpyHeader(Type, shape, false).Count != data.Length)
            throw new ArgumentException($"shape ({string.Join(", ", shape)}) does not have {data.Length} entries", nameof(shape));
    }

    /// <summary>Type of the entries.</summary>
    public NpyType Type { get; }

    /// <summary>Size of each dimension.</summary>
    public long[] Shape { get; }

    /// <summary>The entries row by row: bool[], byte[], int[], long[], float[] or double[], as <see cref="Type"/> says.</summary>
    public Array Data { get; }

    /// <summary>Number of entries.</summary>
    public long Count => Data.LongLength;

    /// <summary>Path of the file that it was read from; empty if it was made here.</summary>
    public string File { get; internal set; } = "";

    /// <summary>Name of the array in its file.</summary>
    public string Name { get; internal set; } = "";

    /// <summary>The entries as booleans.</summary>
    /// <exception cref="DataFormatException">They are of another type.</exception>
    public bool[] AsBooleans() => Data as bool[] ?? throw Wrong("booleans (|b1)");

    /// <summary>The entries as bytes.</summary>
    /// <exception cref="DataFormatException">They are of another type.</exception>
    public byte[] AsBytes() => Data as byte[] ?? throw Wrong("bytes (|u1)");

    /// <summary>The entries as 64-bit integers: the array itself if it is of that type, a copy if it has 32 bits.</summary>
    /// <exception cref="DataFormatException">They are not integers.</exception>
    public long[] AsIntegers() => Data switch
    {
        long[] wide => wide,
        int[] narrow => Array.ConvertAll(narrow, v => (long)v),
        _ => throw Wrong("integers (<i8 or <i4)"),
    };

    /// <summary>The entries as doubles: the array itself if it is of that type, a copy if it is in single precision.</summary>
    /// <exception cref="DataFormatException">They are not floating-point numbers.</exception>
    public double[] AsDoubles() => Data switch
    {
        double[] wide => wide,
        float[] narrow => Array.ConvertAll(narrow, v => (double)v),
        _ => throw Wrong("floating-point numbers (<f4 or <f8)"),
    };

    /// <summary>The entries in this library's precision.</summary>
    /// <exception cref="DataFormatException">They are not floating-point numbers.</exception>
    public Real[] AsReals()
    {
        if (Data is Real[] same) return same;
        if (Data is float[] single) return Array.ConvertAll(single, v => (Real)v);
        if (Data is double[] wide) return Array.ConvertAll(wide, v => (Real)v);
        throw Wrong("floating-point numbers (<f4 or <f8)");
    }

    /// <summary>Refuses an array of another shape; −1 stands for any size.</summary>
    /// <exception cref="DataFormatException">The shape is another one.</exception>
    public NpyArray WithShape(params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        bool same = shape.Length == Shape.Length;
        for (int d = 0; same && d < shape.Length; d++) same = shape[d] < 0 || shape[d] == Shape[d];
        return same ? this : throw Error($"shape ({string.Join(", ", Shape)})", $"({string.Join(", ", shape.Select(s => s < 0 ? "any" : $"{s}"))})");
    }

    /// <summary>An error at this array.</summary>
    internal DataFormatException Error(string found, string expected, string index = "") =>
        new(File, $"array {Name}{index}", found, expected);

    private DataFormatException Wrong(string expected) => Error($"entries of type {NpyTypes.Descr(Type)}", expected);

    /// <summary>Reads a .npy file.</summary>
    /// <exception cref="DataFormatException">The file is missing, broken, or holds something other than plain numbers.</exception>
    public static NpyArray Read(string path)
    {
        using var stream = DataFile.Open(path);
        var array = Read(stream, stream.Length, stream.Length, path, Path.GetFileNameWithoutExtension(path));
        return array;
    }

    /// <summary>Reads a .npy stream of <paramref name="length"/> bytes, of which <paramref name="held"/> are known to be there.</summary>
    internal static NpyArray Read(Stream stream, long length, long held, string file, string name)
    {
        var header = NpyHeader.Read(stream, file, $"array {name}", out int headerBytes);
        int size = NpyTypes.Size(header.Type);
        long count = header.Count, bytes = count * size;
        if (length - headerBytes != bytes)
            throw new DataFormatException(file, $"array {name}", $"{length - headerBytes} bytes of entries",
                $"{bytes} for shape ({string.Join(", ", header.Shape)}) of {NpyTypes.Descr(header.Type)}");

        // The claimed size is believed only as far as bytes have arrived: the array grows with them.
        long capacity = Math.Min(count, Math.Max(Block, held) / size);
        var data = NpyTypes.Allocate(header.Type, capacity);
        for (long done = 0; done < bytes;)
        {
            if (done == capacity * size)
            {
                capacity = Math.Min(count, 2 * capacity);
                var grown = NpyTypes.Allocate(header.Type, capacity);
                Array.Copy(data, grown, data.LongLength);
                data = grown;
            }
            int block = (int)Math.Min(Block, capacity * size - done);
            int read = stream.ReadAtLeast(NpyTypes.Bytes(data, done, block), block, throwOnEndOfStream: false);
            done += read;
            if (read < block)
                throw new DataFormatException(file, $"array {name}", $"the data ends after {done} of {bytes} bytes", "the whole array; the file is cut off");
        }
        if (data is bool[]) CheckBooleans(data, file, name);
        if (header.FortranOrder && header.Shape.Length > 1) data = ToRowOrder(data, header.Shape, size);
        return new NpyArray(data, header.Shape) { File = file, Name = name };
    }

    private static void CheckBooleans(Array data, string file, string name)
    {
        for (long first = 0; first < data.LongLength; first += Block)
        {
            var bytes = NpyTypes.Bytes(data, first, (int)Math.Min(Block, data.LongLength - first));
            int wrong = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
            if (wrong >= 0) throw new DataFormatException(file, $"array {name}[{first + wrong}]", $"a boolean of {bytes[wrong]}", "0 or 1");
        }
    }

    // Fortran order runs down the first dimension first; NumPy writes it for transposed arrays.
    private static Array ToRowOrder(Array data, long[] shape, int size)
    {
        var ordered = (Array)data.Clone();
        var index = new long[shape.Length];
        for (long p = 0; p < data.LongLength; p++)
        {
            long q = 0;
            for (int d = 0; d < shape.Length; d++) q = q * shape[d] + index[d];
            NpyTypes.Bytes(data, p * size, size).CopyTo(NpyTypes.Bytes(ordered, q * size, size));
            for (int d = 0; d < shape.Length && ++index[d] == shape[d]; d++) index[d] = 0;
        }
        return ordered;
    }

    /// <summary>Writes a .npy file, whole or not at all.</summary>
    public void Write(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the array as .npy, little-endian, in C order.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(new NpyHeader(Type, Shape, false).ToBytes());
        long bytes = Count * NpyTypes.Size(Type);
        for (long done = 0; done < bytes; done += Block) stream.Write(NpyTypes.Bytes(Data, done, (int)Math.Min(Block, bytes - done)));
    }
}
