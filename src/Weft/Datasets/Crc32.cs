using System.Buffers.Binary;

namespace Weft.Datasets;

/// <summary>The CRC-32 of zip files (polynomial 0xEDB88320, reflected), eight bytes at a time.</summary>
internal struct Crc32
{
    private static readonly uint[] Table = BuildTable();
    private uint state;

    /// <summary>The checksum of all bytes appended so far.</summary>
    public readonly uint Value => state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~state;
        var table = Table.AsSpan();
        while (bytes.Length >= 8)
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = table[7 * 256 + (int)(low & 255)] ^ table[6 * 256 + (int)(low >> 8 & 255)]
                ^ table[5 * 256 + (int)(low >> 16 & 255)] ^ table[4 * 256 + (int)(low >> 24)]
                ^ table[3 * 256 + (int)(high & 255)] ^ table[2 * 256 + (int)(high >> 8 & 255)]
                ^ table[256 + (int)(high >> 16 & 255)] ^ table[(int)(high >> 24)];
            bytes = bytes[8..];
        }
        foreach (byte b in bytes) crc = crc >> 8 ^ table[(int)((crc ^ b) & 255)];
        state = ~crc;
    }

    // Row r of the table advances a byte by r further bytes of zeros.
    private static uint[] BuildTable()
    {
        var table = new uint[8 * 256];
        for (uint b = 0; b < 256; b++)
        {
            uint crc = b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
            table[b] = crc;
        }
        for (int r = 1; r < 8; r++)
            for (int b = 0; b < 256; b++)
            {
                uint crc = table[(r - 1) * 256 + b];
                table[r * 256 + b] = crc >> 8 ^ table[crc & 255];
            }
        return table;
    }
}
