namespace Weft.Memory;

/// <summary>Where in an arena of blocks temporary buffers lie: sizes alone, so that a plan places them as a run does.</summary>
internal sealed class ArenaLayout
{
    private const long SmallestBlock = 1 << 16, Alignment = 16;

    private readonly List<long> blocks = [];
    private int at;
    private long used;

    /// <summary>Entries of each block.</summary>
    public IReadOnlyList<long> Blocks => blocks;

    /// <summary>The block of a buffer of so many entries, and its first entry there. A block that is new is the last one.</summary>
    public (int Block, long First) Place(long entries)
    {
        long count = (entries + Alignment - 1) / Alignment * Alignment;
        while (at < blocks.Count && used + count > blocks[at])
        {
            at++;
            used = 0;
        }
        if (at == blocks.Count) blocks.Add(Math.Max(count, SmallestBlock));
        long first = used;
        used += count;
        return (at, first);
    }

    /// <summary>Ends the life of every buffer; the blocks stay.</summary>
    public void Release()
    {
        at = 0;
        used = 0;
    }
}
