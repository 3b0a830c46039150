using System.Numerics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>What a thread's scratch memory is for. Two purposes that may be live at once have two names.</summary>
internal enum ScratchUse
{
    PackedRight,
    PackedLeaf,
    PackedStrip,
    Slopes,
    LeafStack,
    Partials,
    Sums,
    Tree,
    Attention,
    AttentionParts,
    AttentionSums,
    AttentionVector,
    AttentionEdges,
    EdgeSums,
    EdgePartials,
    EdgeTotals,
    Row,
    Message,
    Factors,
}

/// <summary>Memory that a thread keeps between kernels, grown when a larger product comes; contents are not kept.</summary>
internal static unsafe class Scratch
{
    [ThreadStatic] private static AlignedMemory?[]? blocks;
    [ThreadStatic] private static long[]? sizes;

    public static Real* Take(ScratchUse use, long entries)
    {
        blocks ??= new AlignedMemory?[Enum.GetValues<ScratchUse>().Length];
        sizes ??= new long[blocks.Length];
        if (blocks[(int)use] is null || sizes[(int)use] < entries)
        {
            sizes[(int)use] = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(entries, 1024));
            blocks[(int)use] = new AlignedMemory(1, sizes[(int)use]);
        }
        return blocks[(int)use]!.Data;
    }
}
