using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Numbers of a tile's edges, one for each head: that of edge t and head k lies at Data[t · Edge + k · Head].</summary>
internal readonly unsafe struct TileNumbers(Real* data, long edge, long head)
{
    public readonly Real* Data = data;

    /// <summary>Entries from one edge to the next.</summary>
    public readonly long Edge = edge;

    /// <summary>Entries from one head to the next.</summary>
    public readonly long Head = head;

    /// <summary>Head after head, 32 edges each, as scores leave them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileNumbers HeadByHead(Real* data) => new(data, 1, EdgeRows.Tile);

    /// <summary>Edge after edge, as <see cref="EightHeads"/> work on them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileNumbers EdgeByEdge(Real* data) => new(data, EightHeads.Count, 1);

    /// <summary>True if the numbers of an edge lie side by side.</summary>
    public bool AreEdgeByEdge => Head == 1;
}

/// <summary>The rows of four edges; edges past the last one are the last one again.</summary>
internal readonly unsafe struct FourRows
{
    public readonly Real* First, Second, Third, Fourth;

    /// <summary>The rows of edges t … t + 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FourRows(Matrix X, int* index, int t, int last)
    {
        long stride = X.Stride;
        First = X.Data + index[Math.Min(t, last)] * stride;
        Second = X.Data + index[Math.Min(t + 1, last)] * stride;
        Third = X.Data + index[Math.Min(t + 2, last)] * stride;
        Fourth = X.Data + index[Math.Min(t + 3, last)] * stride;
    }
}

/// <summary>Whether a loop asks for the rows of later edges, line by line while it works on others: asked for in one burst, they and the work wait for one another.</summary>
internal unsafe interface IAsk
{
    static abstract bool Asks { get; }

    /// <summary>Asks for the line at this address, into the second cache: the first is full of those at work.</summary>
    static abstract void For(Real* line);
}

/// <summary>Rows that are in cache already.</summary>
internal readonly unsafe struct Silent : IAsk
{
    public static bool Asks => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void For(Real* line)
    {
        // Nothing to do.
    }
}

/// <summary>Rows that come from memory.</summary>
internal readonly unsafe struct Asking : IAsk
{
    public static bool Asks => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void For(Real* line)
    {
        if (Sse.IsSupported) Sse.Prefetch1(line);
    }
}
