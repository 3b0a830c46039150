using System.Text;
using Weft.Communication;

namespace Weft.Training;

/// <summary>What processes must know alike before they go on.</summary>
internal static class Agreement
{
    /// <summary>True everywhere if it is true of any process.</summary>
    public static bool Any(ICommunicator world, bool mine)
    {
        if (world.Size == 1) return mine;
        Span<int> any = [mine ? 1 : 0];
        world.AllReduce(any, Reduction.Max);
        return any[0] != 0;
    }

    /// <summary>The text of the first process that has one; null where none has.</summary>
    public static string? First(ICommunicator world, string? mine)
    {
        if (world.Size == 1) return mine;
        Span<int> first = [mine is null ? world.Size : world.Rank];
        world.AllReduce(first, Reduction.Min);
        return first[0] == world.Size ? null : Encoding.UTF8.GetString(Broadcast(world, mine is null ? [] : Encoding.UTF8.GetBytes(mine), first[0]));
    }

    /// <summary>The root's bytes, everywhere.</summary>
    public static byte[] Broadcast(ICommunicator world, byte[] mine, int root)
    {
        if (world.Size == 1) return mine;
        Span<int> length = [mine.Length];
        world.Broadcast(length, root);
        byte[] bytes = world.Rank == root ? mine : new byte[length[0]];
        world.Broadcast<byte>(bytes, root);
        return bytes;
    }
}
