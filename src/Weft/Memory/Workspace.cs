namespace Weft.Memory;

/// <summary>
/// Every buffer of a run, by name. A name keeps its memory from step to step, so a warm step allocates nothing; temporary
/// buffers come from an arena that is emptied when the layer that took them has returned.
/// </summary>
internal sealed class Workspace
{
    private readonly Dictionary<(int Owner, string Name), (Matrix Memory, Matrix View)> named = [];
    private readonly List<Matrix> arena = [];
    private readonly ArenaLayout layout = new();

    /// <summary>Where every request is written down, for a plan; null in a run.</summary>
    public List<BufferRequest>? Requests { get; init; }

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
        Requests?.Add(new(BufferKind.Named, owner, name, rows * columns));
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
        Requests?.Add(new(BufferKind.Temporary, -1, "", rows * columns));
        var (block, first) = layout.Place(rows * columns);
        if (block == arena.Count) arena.Add(Matrix.Allocate(1, layout.Blocks[block]));
        return arena[block].ColumnRange(first, rows * columns).Reshape(rows, columns);
    }

    /// <summary>A new buffer for what depends on the data alone. The caller holds it.</summary>
    public Matrix Constant(int owner, string name, long rows, long columns)
    {
        Requests?.Add(new(BufferKind.Constant, owner, name, rows * columns));
        return Matrix.Allocate(rows, columns);
    }

    /// <summary>Ends the life of every temporary buffer.</summary>
    public void ReleaseTemporaries()
    {
        Requests?.Add(new(BufferKind.Release, -1, "", 0));
        layout.Release();
    }
}
