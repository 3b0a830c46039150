using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Datasets;

/// <summary>The header of a .npy file: the type of the entries, the shape, the order. Read strictly and within bounds.</summary>
internal sealed partial record NpyHeader(NpyType Type, long[] Shape, bool FortranOrder)
{
    private const int LongestHeader = 10_000, MostDimensions = 8;

    public long Count
    {
        get
        {
            long count = 1;
            foreach (long size in Shape) count = checked(count * size);
            return count;
        }
    }

    /// <summary>Reads the header from the start of a .npy stream, which is left at the first entry.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="file">The file, for messages.</param>
    /// <param name="place">The array in it, for messages.</param>
    /// <param name="bytes">Receives the bytes of the header.</param>
    /// <param name="mostEntries">Bound on the entries: what one array can hold, where the array is to be read as a whole.</param>
    public static NpyHeader Read(Stream stream, string file, string place, out int bytes, long? mostEntries = null)
    {
        DataFormatException Bad(string found, string expected) => new(file, place, found, expected);
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10) throw Bad("the array ends inside its header", "a .npy header");
        if (start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8)) throw Bad("the bytes do not start as a .npy array does", "\\x93NUMPY");
        int major = start[6];
        if (major is < 1 or > 3 || start[7] != 0) throw Bad($".npy format version {major}.{start[7]}", "version 1.0, 2.0 or 3.0");
        long length = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        if (major > 1)
        {
            if (stream.ReadAtLeast(start[10..], 2, throwOnEndOfStream: false) < 2) throw Bad("the array ends inside its header", "a .npy header");
            length = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        }
        if (length > LongestHeader) throw Bad($"a .npy header of {length} bytes", $"at most {LongestHeader}");
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length) throw Bad("the array ends inside its header", "a .npy header");
        bytes = (major > 1 ? 12 : 10) + text.Length;
        return Parse(Encoding.UTF8.GetString(text), mostEntries ?? Array.MaxLength, Bad);
    }

    private static NpyHeader Parse(string text, long mostEntries, Func<string, string, DataFormatException> bad)
    {
        var match = Dictionary().Match(text);
        if (!match.Success)
            throw bad($"the .npy header {Shortened(text)} is not of the plain form",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } with a plain numeric type");
        string descr = match.Groups["descr"].Value;
        if (descr.Contains('O', StringComparison.Ordinal))
            throw bad($"the array holds pickled Python objects (type {descr})",
                "plain numbers; load it in Python, which runs what the file says, and save plain arrays with numpy.savez");
        var type = NpyTypes.Parse(descr) ?? throw bad($"entries of type {descr}", $"one of {NpyTypes.Known}");
        var sizes = match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (sizes.Length > MostDimensions) throw bad($"{sizes.Length} dimensions", $"at most {MostDimensions}");
        var shape = new long[sizes.Length];
        long count = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            if (!long.TryParse(sizes[d], NumberStyles.None, CultureInfo.InvariantCulture, out shape[d]) || shape[d] > mostEntries)
                throw bad($"a dimension of {sizes[d]}", $"at most {mostEntries} entries");
            if (count > mostEntries / Math.Max(1, shape[d])) throw bad($"an array of shape ({match.Groups["shape"].Value})", $"at most {mostEntries} entries{(mostEntries == Array.MaxLength ? " to be held in memory; weft train --sampler neighbor reads a folder where it lies" : "")}");
            count *= Math.Max(1, shape[d]);
        }
        return new NpyHeader(type, shape, match.Groups["fortran"].Value == "True");
    }

    /// <summary>The header of version 1.0 that NumPy writes: padded with spaces to a multiple of 64 bytes, ended by a line feed.</summary>
    public byte[] ToBytes()
    {
        string shape = string.Join(", ", Shape) + (Shape.Length == 1 ? "," : "");
        string text = $"{{'descr': '{NpyTypes.Descr(Type)}', 'fortran_order': False, 'shape': ({shape}), }}";
        int total = (10 + text.Length + 1 + 63) / 64 * 64;
        var bytes = new byte[total];
        bytes.AsSpan().Fill((byte)' ');
        bytes[0] = 0x93;
        "NUMPY\x01\0"u8.CopyTo(bytes.AsSpan(1));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private static string Shortened(string text) => text.Length <= 60 ? text.Trim() : text[..60] + "…";

    [GeneratedRegex(@"\A\{ ?'descr': ?'(?<descr>[<>|=]?[A-Za-z][0-9]*)', ?'fortran_order': ?(?<fortran>True|False), ?'shape': ?\((?<shape>(?:[0-9]{1,19}(?:, ?[0-9]{1,19})*)?,? ?)\),? ?\}[ ]*\n?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Dictionary();
}
