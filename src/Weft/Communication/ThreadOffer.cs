namespace Weft.Communication;

/// <summary>What a member calls; all members of a group must call the same.</summary>
/// <param name="Operation">The method.</param>
/// <param name="Count">Entries that all members must agree on; 0 where they need not.</param>
/// <param name="Detail">Root or reduction.</param>
internal readonly record struct Call(string Operation, long Count = 0, int Detail = 0)
{
    public override string ToString() => Operation switch
    {
        "AllReduce" => $"AllReduce of {Count} entries ({(Reduction)Detail})",
        "Broadcast" => $"Broadcast of {Count} entries from {Detail}",
        "AllGather" => $"AllGather of {Count} entries",
        _ => Operation,
    };
}

/// <summary>What one member gives to a collective, in memory that later calls use again.</summary>
internal sealed class ThreadOffer
{
    private Real[] data = [];
    private int[] ends = [];
    private int length;

    public Call Call { get; private set; }

    public int Color { get; set; }

    public int Key { get; set; }

    public ReadOnlySpan<Real> Data => data.AsSpan(0, length);

    /// <summary>What is meant for one member.</summary>
    public ReadOnlySpan<Real> Piece(int member)
    {
        int first = member == 0 ? 0 : ends[member - 1];
        return data.AsSpan(first, ends[member] - first);
    }

    public void Set(Call call, ReadOnlySpan<Real> values, ReadOnlySpan<int> counts)
    {
        Call = call;
        if (data.Length < values.Length) data = new Real[values.Length];
        values.CopyTo(data);
        length = values.Length;
        if (ends.Length < counts.Length) ends = new int[counts.Length];
        for (int q = 0, end = 0; q < counts.Length; q++) ends[q] = end += counts[q];
    }
}
