using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Communication;

/// <summary>What a member calls; all members of a group must call the same.</summary>
/// <param name="Operation">The method.</param>
/// <param name="Width">Bytes of an entry.</param>
/// <param name="Count">Entries that all members must agree on; 0 where they need not.</param>
/// <param name="Detail">Root or reduction.</param>
internal readonly record struct Call(string Operation, int Width = 0, long Count = 0, int Detail = 0)
{
    public override string ToString() => Operation switch
    {
        "AllReduce" => $"AllReduce of {Count} entries ({(Reduction)Detail}{OfBytes}",
        "Broadcast" => $"Broadcast of {Count} entries from {Detail}{OfBytes}",
        "AllGather" or "ReduceScatter" => $"{Operation} of {Count} entries{OfBytes}",
        _ => Operation + OfBytes,
    };

    private string OfBytes => (Operation == "AllReduce" ? ")" : "") + (Width is 0 or Matrix.BytesPerEntry ? "" : $" of {Width} bytes");
}

/// <summary>What one member gives to a collective, in memory that later calls use again.</summary>
internal sealed unsafe class ThreadOffer
{
    private readonly ReusedMemory memory = new();
    private long[] ends = [];

    public Call Call { get; private set; }

    public int Color { get; set; }

    public int Key { get; set; }

    /// <summary>Entries given.</summary>
    public long Length { get; private set; }

    public byte* Data => memory.Take(0);

    /// <summary>What is meant for one member, and how many entries that is.</summary>
    public byte* Piece(int member, out long length)
    {
        long first = member == 0 ? 0 : ends[member - 1];
        length = ends[member] - first;
        return Data + first * Call.Width;
    }

    public void Set(Call call, void* values, long length, Pieces? pieces, int members)
    {
        (Call, Length) = (call, length);
        NativeMemory.Copy(values, memory.Take(length * call.Width), (nuint)(length * call.Width));
        if (pieces is null) return;
        if (ends.Length < members) ends = new long[members];
        long end = 0;
        for (int q = 0; q < members; q++) ends[q] = end += pieces[q];
    }
}
