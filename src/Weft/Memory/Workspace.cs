namespace Weft.Memory;

/// <summary>
/// Every buffer of a run, by name. A name keeps its memory from step to step, so a warm step allocates nothing; temporary
/// buffers come from an arena that is emptied when the layer that took them has returned.
/// </summary>
internal sealed class Workspace
{
    private const long ArenaBlock = 1 << 16;

    private readonly Dictionary<(int Owner, string Name), (Matrix Memory, Matrix View)> named = [];
    private readonly List<Matrix> arena = [];
    private int arenaAt;
    private long usedInBlock;

    /// <summary>Bytes held, temporaries included.</summary>
    public long Bytes
    {
        get
        {
            long entries = 0;
            foreach (var (memory, _) in named.Values) entries += memory.Count;
            foreach (var block in arena) entries += block.Count;
            return entries * Matrix.BytesPerEntry;
        }
    }

    /// <summary>The named buffer with this shape, in the memory it had before if that is large enough. The content is undefined until written.</summary>
    public Matrix Take(int owner, string name, long rows, long columns)
    {
        if (!named.TryGetValue((owner, name), out var slot) || slot.Memory.Count < rows * columns)
            slot.Memory = Matrix.Allocate(1, rows * columns);
        else if (slot.View.Rows == rows && slot.View.Columns == columns)
            return slot.View;
        slot.View = slot.Memory.ColumnRange(0, rows * columns).Reshape(rows, columns);
        named[(owner, name)] = slot;
        return slot.View;
    }

    /// <summary>The named buffer as it was last taken.</summary>
    /// <exception cref="KeyNotFoundException">Nothing of that name was taken.</exception>
    public Matrix this[int owner, string name] =>
        named.TryGetValue((owner, name), out var slot)
            ? slot.View
            : throw new KeyNotFoundException($"layer {owner} has kept no matrix {name}; was Forward called?");

    public bool Holds(int owner, string name) => named.ContainsKey((owner, name));

    /// <summary>A buffer that lasts until <see cref="ReleaseTemporaries"/>. Its content is undefined.</summary>
    public Matrix Temporary(long rows, long columns)
    {
        long count = (rows * columns + 15) / 16 * 16;
        while (arenaAt < arena.Count && usedInBlock + count > arena[arenaAt].Count)
        {
            arenaAt++;
            usedInBlock = 0;
        }
        if (arenaAt == arena.Count) arena.Add(Matrix.Allocate(1, Math.Max(count, ArenaBlock)));
        var block = arena[arenaAt];
        var buffer = block.ColumnRange(usedInBlock, rows * columns).Reshape(rows, columns);
        usedInBlock += count;
        return buffer;
    }

    /// <summary>Ends the life of every temporary buffer.</summary>
    public void ReleaseTemporaries()
    {
        arenaAt = 0;
        usedInBlock = 0;
    }
}
