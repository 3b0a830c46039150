using System.IO.Compression;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// Archives of named arrays: a zip of .npy members. Reading checks what the zip library does not: the CRC-32 of each
/// member, that a member holds as much as it claims, and that both of its names agree.
/// </summary>
public static class Npz
{
    // Deflate cannot shrink below one bit for every 129 bytes.
    private const long LargestExpansion = 1032;

    /// <summary>Reads all arrays of a file, in the file's order.</summary>
    /// <exception cref="DataFormatException">The file is missing, broken, or holds something other than plain arrays.</exception>
    public static OrderedDictionary<string, NpyArray> Read(string path)
    {
        using var stream = DataFile.Open(path);
        return Read(stream, path);
    }

    /// <summary>Reads all arrays of a stream that can seek; <paramref name="file"/> names it in errors.</summary>
    /// <exception cref="DataFormatException">The archive is broken, or holds something other than plain arrays.</exception>
    public static OrderedDictionary<string, NpyArray> Read(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            ZipLayout.Check(stream, file);
            stream.Position = 0;
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            var arrays = new OrderedDictionary<string, NpyArray>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries)
            {
                string name = entry.FullName;
                if (!name.EndsWith(".npy", StringComparison.Ordinal))
                    throw new DataFormatException(file, $"member {name}", "a member that is no .npy array", "an .npz archive of arrays");
                if (!arrays.TryAdd(name[..^4], Read(entry, file, name[..^4])))
                    throw new DataFormatException(file, $"array {name[..^4]}", "a second array of this name", "each name once");
            }
            return arrays;
        }
        catch (Exception problem) when (problem is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new DataFormatException(file, "", $"this is not a whole zip archive ({problem.Message.TrimEnd('.')})", "an .npz file; fetch or write it again", problem);
        }
    }

    private static NpyArray Read(ZipArchiveEntry entry, string file, string name)
    {
        if (entry.IsEncrypted) throw new DataFormatException(file, $"array {name}", "an encrypted member", "a plain one");
        if (entry.Length / LargestExpansion > entry.CompressedLength)
            throw new DataFormatException(file, $"array {name}", $"the member claims {entry.Length} bytes and holds {entry.CompressedLength} compressed ones",
                $"at most {LargestExpansion} times as many");
        using var checkedStream = new CheckedStream(entry.Open());
        NpyArray array;
        try
        {
            array = NpyArray.Read(checkedStream, entry.Length, entry.CompressedLength, file, name);
            if (checkedStream.ReadByte() >= 0)
                throw new DataFormatException(file, $"array {name}", $"the member holds more than the {entry.Length} bytes that it claims", "as many as it claims");
        }
        catch (Exception problem) when (problem is InvalidDataException or EndOfStreamException)
        {
            throw new DataFormatException(file, $"array {name}", $"the compressed data is broken ({problem.Message.TrimEnd('.')})", "a whole file; fetch or write it again", problem);
        }
        if (checkedStream.Checksum != entry.Crc32)
            throw new DataFormatException(file, $"array {name}", $"CRC-32 {checkedStream.Checksum:x8}", $"{entry.Crc32:x8} as the archive says; the file is damaged, fetch or write it again");
        return array;
    }

    /// <summary>Writes the arrays to a file, whole or not at all. The same arrays give the same bytes.</summary>
    public static void Write(string path, IEnumerable<KeyValuePair<string, NpyArray>> arrays) =>
        AtomicFile.Write(path, stream => Write(stream, arrays));

    /// <summary>Writes the arrays to a stream that can seek.</summary>
    public static void Write(Stream stream, IEnumerable<KeyValuePair<string, NpyArray>> arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, array) in arrays)
        {
            var entry = zip.CreateEntry(name + ".npy", CompressionLevel.Optimal);
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var member = entry.Open();
            array.Write(member);
        }
    }

    /// <summary>Passes bytes on and keeps their checksum.</summary>
    private sealed class CheckedStream(Stream inner) : Stream
    {
        private Crc32 crc;

        public uint Checksum => crc.Value;

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            crc.Append(buffer[..read]);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => inner.Flush();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
