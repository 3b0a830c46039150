using Weft.Communication;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Moves node rows between the process that owns them and the blocks whose edges need them. <see cref="Gather"/> and
/// <see cref="ScatterSum"/> are adjoint: ⟨Gather x, y⟩ = ⟨x, ScatterSum y⟩. On one process both are the identity and return
/// their argument.
/// </summary>
/// <remarks>
/// The members of the group own, one after another, the rows that each of them needs; a member works on the columns of its own
/// channels (heads, or feature columns) only.
/// </remarks>
internal sealed unsafe class Exchange
{
    private readonly ICommunicator group;
    private readonly long[] owned;
    private readonly (int First, int Count)[] heads;
    private readonly int allHeads;
    private readonly long[] sendCounts, receiveCounts;
    // Kept apart by the width of a head, so that a step that exchanges several widths finds its buffers again.
    private readonly Workspace buffers = new();

    /// <param name="group">The processes that share these rows.</param>
    /// <param name="owned">Rows that each member owns.</param>
    /// <param name="heads">Heads that each member works on.</param>
    /// <param name="allHeads">Heads in all: an owned matrix has allHeads · w columns.</param>
    public Exchange(ICommunicator group, long[] owned, (int First, int Count)[] heads, int allHeads)
    {
        (this.group, this.owned, this.heads, this.allHeads) = (group, owned, heads, allHeads);
        (sendCounts, receiveCounts) = (new long[group.Size], new long[group.Size]);
        Rows = owned.Sum();
    }

    /// <summary>Rows that the block needs.</summary>
    public long Rows { get; }

    /// <summary>True where every row needed is owned.</summary>
    public bool IsIdentity => group.Size == 1;

    private int Mine => heads[group.Rank].Count;

    /// <summary>Owned rows of all channels, [n, K·w] → needed rows of this process's channels, [Rows, K_local·w].</summary>
    /// <param name="x">The owned rows.</param>
    /// <param name="name">Buffer to gather into; two gathered matrices that are used together have different names.</param>
    public Matrix Gather(Matrix x, string name)
    {
        if (IsIdentity) return x;
        long width = x.Columns / allHeads;
        var send = buffers.Take((int)width, "send", 1, x.Rows * group.Size * x.Columns);
        long at = 0;
        for (int member = 0; member < group.Size; member++)
        {
            var slice = x.ColumnRange(heads[member].First * width, heads[member].Count * width);
            slice.CopyTo(new Matrix(send.Data + at, slice.Rows, slice.Columns, slice.Columns, null));
            sendCounts[member] = slice.Count;
            at += slice.Count;
            receiveCounts[member] = owned[member] * Mine * width;
        }
        var gathered = buffers.Take((int)width, name, Rows, Mine * width);
        group.AllToAll(send.ColumnRange(0, at), sendCounts, gathered, receiveCounts);
        return gathered;
    }

    /// <summary>Where a verb leaves its partial sums for <paramref name="x"/>: x itself on one process, else a buffer of [Rows, K_local·w].</summary>
    /// <param name="x">What the partial sums are of.</param>
    /// <param name="name">Buffer to leave them in; two that are used together have different names.</param>
    public Matrix Partial(Matrix x, string name = "partial") => IsIdentity ? x : buffers.Take((int)(x.Columns / allHeads), name, Rows, Mine * (x.Columns / allHeads));

    /// <summary>A buffer of this process's own that lasts until it is asked for again.</summary>
    public Matrix Scratch(string name, long rows, long columns) => buffers.Take(0, name, rows, columns);

    /// <summary>Partial sums [Rows, K_local·w] → their owners, [n, K·w], added up in rank order.</summary>
    public void ScatterSum(Matrix partial, Matrix x)
    {
        if (IsIdentity) return;
        long width = x.Columns / allHeads;
        Real* from = SendToOwners(partial, x.Rows, width).Data;
        x.Clear();
        for (int member = 0; member < group.Size; member++)
        {
            long columns = heads[member].Count * width;
            for (long i = 0; i < x.Rows; i++, from += columns)
                Kernels.RowVector.Add(from, x.Data + i * x.Stride + heads[member].First * width, columns);
        }
    }

    /// <summary>
    /// Attention over some of a row's edges, [s·Z ‖ m ‖ s] for each local head, [Rows, K_local·(d + 2)] → the owners' Z [n, K·d]
    /// over all of them and its (m, s), [n, K·2]; merged in rank order.
    /// </summary>
    public void ScatterMerge(Matrix partial, Matrix Z, Matrix state)
    {
        long d = Z.Columns / allHeads;
        Real* from = SendToOwners(partial, Z.Rows, d + 2).Data;
        Z.Clear();
        state.Clear();
        for (int member = 0; member < group.Size; member++)
            for (long i = 0; i < Z.Rows; i++)
                for (int k = 0; k < heads[member].Count; k++, from += d + 2)
                {
                    int head = heads[member].First + k;
                    Kernels.FusedAttention.Merge(state.Data + i * state.Stride + 2 * head, Z.Data + i * Z.Stride + head * d, from + d, from, d);
                }
        for (long i = 0; i < Z.Rows; i++)
            for (int k = 0; k < allHeads; k++)
                if (state[i, 2 * k + 1] is not 0 and var s)
                    for (long j = 0; j < d; j++) Z[i, k * d + j] /= s;
    }

    /// <summary>Sends every member the rows that it owns, <paramref name="width"/> columns a head; what comes back lies member after member.</summary>
    private Matrix SendToOwners(Matrix partial, long ownRows, long width)
    {
        long total = 0;
        for (int member = 0; member < group.Size; member++)
        {
            sendCounts[member] = owned[member] * Mine * width;
            receiveCounts[member] = ownRows * heads[member].Count * width;
            total += receiveCounts[member];
        }
        var received = buffers.Take((int)width, "received", 1, total);
        group.AllToAll(partial, sendCounts, received, receiveCounts);
        return received;
    }
}
