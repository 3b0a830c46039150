using Weft.Communication;

namespace Weft.Tests.Mpi;

/// <summary>Long broadcasts, which go from member to member in pieces: every length around the ends of a piece, from every root.</summary>
internal static class BroadcastChecks
{
    public static void Long(MpiCommunicator world)
    {
        const int least = MpiCommunicator.WorthChaining;
        foreach (int length in new[] { least - 1, least, least + 1, least + (1 << 16) - 1, least + (1 << 16) + 1, 5 * least / 2 })
            for (int root = 0; root < world.Size; root++)
            {
                var data = Pattern(length, world.Rank);
                world.Broadcast(data.AsSpan(), root);
                Assert.True(data.AsSpan().SequenceEqual(Pattern(length, root)), $"{length} bytes from rank {root} came out changed on rank {world.Rank}");
            }
        // A group in another order.
        var turned = world.Split(0, -world.Rank);
        var numbers = Enumerable.Range(0, 100_000).Select(i => (double)(turned.Rank == 1 % turned.Size ? i : -1)).ToArray();
        turned.Broadcast(numbers.AsSpan(), 1 % turned.Size);
        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => (double)i), numbers);
    }

    private static byte[] Pattern(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
