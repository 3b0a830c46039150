using Weft.Communication;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Moves node rows between the process that owns them and the blocks whose edges need them. Gather and ScatterSum are adjoint:
/// ⟨Gather x, y⟩ = ⟨x, ScatterSum y⟩. On one process both are the identity and return their argument.
/// </summary>
/// <remarks>
/// The members of the group own, one after another, the rows that the blocks choose from (<see cref="SharedRows"/>); a member
/// works on the columns of its own channels (heads, or feature columns) only. Where everyone needs everything and there is one
/// channel, the communicator's own all-gather and reduce-scatter do it, without a copy for each member.
/// </remarks>
internal sealed unsafe class Exchange
{
    private readonly SharedRows rows;
    private readonly ICommunicator group;
    private readonly (int First, int Count)[] heads;
    private readonly int allHeads, side;
    private readonly bool everyone;
    private readonly long[] sendCounts, receiveCounts;
    private readonly Workspace buffers;

    /// <param name="rows">The rows that the group shares.</param>
    /// <param name="heads">Heads that each member works on.</param>
    /// <param name="allHeads">Heads in all: an owned matrix has allHeads · w columns.</param>
    /// <param name="buffers">Memory for what is sent and received.</param>
    /// <param name="side">Number by which this side's buffers are told from the other side's.</param>
    public Exchange(SharedRows rows, (int First, int Count)[] heads, int allHeads, Workspace buffers, int side)
    {
        (this.rows, group, this.heads, this.allHeads, this.buffers, this.side) = (rows, rows.Group, heads, allHeads, buffers, side);
        everyone = rows.NeededAt is null && heads.All(h => h.Count == allHeads);
        (sendCounts, receiveCounts) = (new long[group.Size], new long[group.Size]);
    }

    /// <summary>Rows that the block needs.</summary>
    public long Rows => rows.Count;

    /// <summary>True where every row needed is owned.</summary>
    public bool IsIdentity => rows.IsIdentity;

    private int Mine => heads[group.Rank].Count;

    /// <summary>Owned rows of all channels, [n, K·w] → needed rows of this process's channels, [Rows, K_local·w].</summary>
    /// <param name="x">The owned rows.</param>
    /// <param name="name">Buffer to gather into; two gathered matrices that are used together have different names.</param>
    public Matrix Gather(Matrix x, string name)
    {
        if (IsIdentity) return x;
        var part = HeadPart.Of(x, allHeads);
        var gathered = Buffer(name, part.Width);
        Gather(part, default, gathered);
        return gathered;
    }

    /// <summary>Owned matrices at once → rows [a of the local heads ‖ b of the local heads ‖ c …]. Not called where the exchange is the identity.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second, or default.</param>
    /// <param name="gathered">[Rows, K_local·(w_a + w_b + w_c)]</param>
    /// <param name="c">The third, or default.</param>
    public void Gather(in HeadPart a, in HeadPart b, Matrix gathered, in HeadPart c = default)
    {
        long width = a.Width + b.Width + c.Width;
        if (everyone)
        {
            var mine = b.IsMissing && a.IsPlain ? a.Rows : PackAll(a, b, c);
            for (int q = 0; q < group.Size; q++) receiveCounts[q] = rows.Owned[q] * allHeads * width;
            group.AllGather(mine, gathered, receiveCounts);
            return;
        }
        var send = Pack(a, b, c, withOwn: true);
        group.AllToAll(send, sendCounts, gathered, receiveCounts);
    }

    /// <summary>Begins to gather the rows of the other members by lists; they are there when what is returned has been waited for.</summary>
    /// <param name="a">The owned matrix.</param>
    /// <param name="gathered">[Rows less the own ones, K_local·w]</param>
    public IPending StartGather(in HeadPart a, Matrix gathered)
    {
        var send = Pack(a, default, default, withOwn: false);
        return group.StartAllToAll(send, sendCounts, gathered, receiveCounts);
    }

    /// <summary>What this process sends when rows are gathered by lists, member after member, and the counts of it.</summary>
    private Matrix Pack(in HeadPart a, in HeadPart b, in HeadPart c, bool withOwn)
    {
        long width = a.Width + b.Width + c.Width;
        long entries = 0;
        for (int q = 0; q < group.Size; q++)
        {
            bool moves = withOwn || q != group.Rank;
            entries += sendCounts[q] = moves ? rows.Sent[q] * heads[q].Count * width : 0;
            receiveCounts[q] = moves ? rows.Needed[q] * Mine * width : 0;
        }
        var send = buffers.Take(side, "send", 1, entries);
        Real* to = send.Data;
        long list = 0;
        for (int q = 0; q < group.Size; list += rows.Sent[q++])
            for (long p = 0; p < (sendCounts[q] == 0 ? 0 : rows.Sent[q]); p++)
            {
                long row = SentRow(list, p);
                to = a.Pack(row, heads[q], to);
                if (!b.IsMissing) to = b.Pack(row, heads[q], to);
                if (!c.IsMissing) to = c.Pack(row, heads[q], to);
            }
        return send;
    }

    /// <summary>Where a verb leaves its partial sums for <paramref name="x"/>: x itself on one process, else a buffer of [Rows, K_local·w].</summary>
    /// <param name="x">What the partial sums are of.</param>
    /// <param name="name">Buffer to leave them in; two that are used together have different names.</param>
    public Matrix Partial(Matrix x, string name = "partial") => IsIdentity ? x : Buffer(name, x.Columns / allHeads);

    /// <summary>A buffer for <paramref name="width"/> columns a head of the rows that the block needs, [Rows, K_local·width].</summary>
    public Matrix Buffer(string name, long width) => buffers.Take(side, name, Rows, Mine * width);

    /// <summary>A buffer of this process's own that lasts until it is asked for again.</summary>
    public Matrix Scratch(string name, long rowCount, long columns) => buffers.Take(side, name, rowCount, columns);

    /// <summary>Partial sums [Rows, K_local·w] → their owners, [n, K·w], added up in rank order.</summary>
    public void ScatterSum(Matrix partial, Matrix x)
    {
        if (!IsIdentity) ScatterSum(partial, HeadPart.Of(x, allHeads), default);
    }

    /// <summary>Rows of partial sums, [a of the local heads ‖ b of the local heads] → their owners, added up in rank order. Not called where the exchange is the identity.</summary>
    /// <param name="partial">[Rows, K_local·(w_a + w_b)]</param>
    /// <param name="a">The first.</param>
    /// <param name="b">The second, or default.</param>
    public void ScatterSum(Matrix partial, in HeadPart a, in HeadPart b)
    {
        long width = a.Width + b.Width, own = rows.Owned[group.Rank];
        if (everyone)
        {
            bool direct = b.IsMissing && a.IsPlain;
            var sum = direct ? a.Rows : buffers.Take(side, "received", own, allHeads * width);
            for (int q = 0; q < group.Size; q++) sendCounts[q] = rows.Owned[q] * allHeads * width;
            group.ReduceScatter(partial, sendCounts, sum);
            if (direct) return;
            a.Rows.Clear();
            if (!b.IsMissing) b.Rows.Clear();
            Real* at = sum.Data;
            for (long i = 0; i < own; i++)
            {
                at = a.Add(i, heads[group.Rank], at);
                if (!b.IsMissing) at = b.Add(i, heads[group.Rank], at);
            }
            return;
        }
        Real* from = SendToOwners(partial, width).Data;
        a.Rows.Clear();
        if (!b.IsMissing) b.Rows.Clear();
        long list = 0;
        for (int q = 0; q < group.Size; list += rows.Sent[q++])
            for (long p = 0; p < rows.Sent[q]; p++)
            {
                long row = SentRow(list, p);
                from = a.Add(row, heads[q], from);
                if (!b.IsMissing) from = b.Add(row, heads[q], from);
            }
    }

    /// <summary>Begins to send the other members the partial sums of their rows, [Rows less the own ones, K_local·w].</summary>
    /// <returns>What to wait for before <see cref="FinishScatterSum"/>.</returns>
    public IPending StartScatterSum(Matrix others, in HeadPart a)
    {
        var received = Received(a.Width, withOwn: false);
        return group.StartAllToAll(others, sendCounts, received, receiveCounts);
    }

    /// <summary>Adds up what <see cref="StartScatterSum"/> has brought: the own sums first, then the others' in rank order.</summary>
    /// <param name="own">Partial sums of the own rows that the block needs.</param>
    /// <param name="a">Receives the sums.</param>
    public void FinishScatterSum(Matrix own, in HeadPart a)
    {
        Real* from = Received(a.Width, withOwn: false).Data;
        a.Rows.Clear();
        int me = group.Rank;
        long list = 0, mine = 0;
        for (int q = 0; q < me; q++) mine += rows.Sent[q];
        for (long p = 0; p < rows.Sent[me]; p++) a.Add(SentRow(mine, p), heads[me], own.Data + p * own.Stride);
        for (int q = 0; q < group.Size; list += rows.Sent[q++])
            for (long p = 0; p < (q == me ? 0 : rows.Sent[q]); p++) from = a.Add(SentRow(list, p), heads[q], from);
    }

    /// <summary>
    /// Attention over some of a row's edges, [s·Z ‖ m ‖ s] for each local head, [Rows, K_local·(d + 2)] → the owners' Z [n, K·d]
    /// over all of them and its (m, s), [n, K·2]; merged in rank order.
    /// </summary>
    public void ScatterMerge(Matrix partial, Matrix Z, Matrix state)
    {
        long d = Z.Columns / allHeads, list = 0;
        Real* from = SendToOwners(partial, d + 2).Data;
        Z.Clear();
        state.Clear();
        for (int q = 0; q < group.Size; list += rows.Sent[q++])
            for (long p = 0; p < rows.Sent[q]; p++)
            {
                long i = SentRow(list, p);
                for (int k = 0; k < heads[q].Count; k++, from += d + 2)
                {
                    int head = heads[q].First + k;
                    FusedAttention.Merge(state.Data + i * state.Stride + 2 * head, Z.Data + i * Z.Stride + head * d, from + d, from, d);
                }
            }
        for (long i = 0; i < Z.Rows; i++)
            for (int k = 0; k < allHeads; k++)
                if (state[i, 2 * k + 1] is not 0 and var s)
                    for (long j = 0; j < d; j++) Z[i, k * d + j] /= s;
    }

    /// <summary>The row of this process's matrices that is entry <paramref name="p"/> of a list that starts at <paramref name="list"/>.</summary>
    private long SentRow(long list, long p) => rows.SentAt is null ? p : rows.SentAt[list + p];

    private Matrix PackAll(in HeadPart a, in HeadPart b, in HeadPart c)
    {
        long own = rows.Owned[group.Rank];
        var mine = buffers.Take(side, "send", own, allHeads * (a.Width + b.Width + c.Width));
        Real* to = mine.Data;
        for (long i = 0; i < own; i++)
        {
            to = a.Pack(i, heads[group.Rank], to);
            if (!b.IsMissing) to = b.Pack(i, heads[group.Rank], to);
            if (!c.IsMissing) to = c.Pack(i, heads[group.Rank], to);
        }
        return mine;
    }

    /// <summary>Sends every member the rows that it owns, <paramref name="width"/> columns a head; what comes back lies member after member.</summary>
    private Matrix SendToOwners(Matrix partial, long width)
    {
        var received = Received(width, withOwn: true);
        group.AllToAll(partial, sendCounts, received, receiveCounts);
        return received;
    }

    /// <summary>Room for what the members send when sums are scattered by lists, and the counts of it.</summary>
    private Matrix Received(long width, bool withOwn)
    {
        long entries = 0;
        for (int q = 0; q < group.Size; q++)
        {
            bool moves = withOwn || q != group.Rank;
            sendCounts[q] = moves ? rows.Needed[q] * Mine * width : 0;
            entries += receiveCounts[q] = moves ? rows.Sent[q] * heads[q].Count * width : 0;
        }
        return buffers.Take(side, "received", 1, entries);
    }
}

/// <summary>A matrix of owned rows of which an exchange moves some columns of every head: columns k·Step … k·Step + Width − 1 of head k.</summary>
internal readonly unsafe record struct HeadPart(Matrix Rows, long Step, long Width)
{
    public bool IsMissing => Rows.IsMissing;

    /// <summary>True where rows are moved as they lie.</summary>
    public bool IsPlain => Step == Width && Rows.IsContiguous;

    /// <summary>All columns of a matrix with so many heads.</summary>
    public static HeadPart Of(Matrix rows, int heads) => new(rows, rows.Columns / heads, rows.Columns / heads);

    public Real* Pack(long row, (int First, int Count) heads, Real* to)
    {
        Real* from = Rows.Data + row * Rows.Stride + heads.First * Step;
        if (Step == Width)
        {
            long count = heads.Count * Width;
            new ReadOnlySpan<Real>(from, checked((int)count)).CopyTo(new Span<Real>(to, (int)count));
            return to + count;
        }
        for (int k = 0; k < heads.Count; k++, from += Step)
            for (long j = 0; j < Width; j++) *to++ = from[j];
        return to;
    }

    public Real* Add(long row, (int First, int Count) heads, Real* from)
    {
        long count = heads.Count * Width;
        RowVector.Add(from, Rows.Data + row * Rows.Stride + heads.First * Width, count);
        return from + count;
    }
}
