using System.Buffers.Binary;

namespace Weft.Datasets;

/// <summary>
/// A zip archive names each member twice, in the directory at its end and before the member. The zip library reads the
/// first; a flipped bit there would make an array disappear under another name, so here both are compared.
/// </summary>
internal static class ZipLayout
{
    private const uint EndSignature = 0x06054b50, DirectorySignature = 0x02014b50, MemberSignature = 0x04034b50;
    private const int EndBytes = 22, DirectoryBytes = 46, MemberBytes = 30, LongestComment = 65_535;

    /// <summary>Compares the directory with the members. Archives above 4 GB keep their offsets elsewhere and are left to the zip library.</summary>
    public static void Check(Stream stream, string file)
    {
        DataFormatException Bad(string found) => new(file, "", found, "a whole .npz archive; fetch or write it again");
        long tailLength = Math.Min(stream.Length, EndBytes + LongestComment);
        var tail = ReadAt(stream, stream.Length - tailLength, (int)tailLength) ?? throw Bad("the file cannot be read to its end");
        int end = LastIndexOf(tail, EndSignature);
        if (end < 0) throw Bad("the directory at the end of the zip archive is missing: the file is cut off or no zip archive");
        int members = BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(end + 10));
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 12)), start = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
        if (members == 0xFFFF || start == 0xFFFFFFFF || bytes == 0xFFFFFFFF) return;
        if (start + (long)bytes > stream.Length) throw Bad("the directory of the zip archive lies outside the file");
        var directory = ReadAt(stream, start, (int)bytes) ?? throw Bad("the file ends inside the directory of the zip archive");
        int position = 0;
        for (int m = 0; m < members; m++)
        {
            if (position + DirectoryBytes > directory.Length || Read32(directory, position) != DirectorySignature)
                throw Bad($"the directory of the zip archive is broken at member {m}");
            int name = Read16(directory, position + 28), extra = Read16(directory, position + 30), comment = Read16(directory, position + 32);
            uint offset = Read32(directory, position + 42);
            if (position + DirectoryBytes + name > directory.Length) throw Bad($"the directory of the zip archive is broken at member {m}");
            if (offset != 0xFFFFFFFF)
            {
                var member = ReadAt(stream, offset, MemberBytes + name);
                if (member is null || Read32(member, 0) != MemberSignature || Read16(member, 26) != name
                    || Read16(member, 6) != Read16(directory, position + 8) || Read16(member, 8) != Read16(directory, position + 10)
                    || !member.AsSpan(MemberBytes).SequenceEqual(directory.AsSpan(position + DirectoryBytes, name)))
                    throw Bad($"member {m} of the zip archive and its entry in the directory differ");
            }
            position += DirectoryBytes + name + extra + comment;
        }
        if (position != directory.Length) throw Bad("the directory of the zip archive has another length than it says");
    }

    private static int LastIndexOf(byte[] tail, uint signature)
    {
        for (int p = tail.Length - EndBytes; p >= 0; p--)
            if (Read32(tail, p) == signature) return p;
        return -1;
    }

    private static byte[]? ReadAt(Stream stream, long offset, int count)
    {
        if (offset < 0 || offset > stream.Length - count) return null;
        var bytes = new byte[count];
        stream.Position = offset;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static int Read16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint Read32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
