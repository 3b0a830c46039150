namespace Weft.Sampling;

/// <summary>The training nodes in the order of an epoch: a shuffle of its own for each, cut into batches.</summary>
internal sealed class SeedOrder
{
    private readonly int[] seeds;
    private readonly ulong seed;
    private readonly Lock gate = new();
    private readonly (int Epoch, int[] Order)[] known = [(-1, []), (-1, [])];

    /// <summary>Batches of training nodes.</summary>
    /// <param name="seeds">Numbers of the training nodes.</param>
    /// <param name="batchSize">How many a batch has; the last of an epoch may have fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">There is no training node, or the size is below 1.</exception>
    public SeedOrder(int[] seeds, int batchSize, ulong seed)
    {
        if (batchSize < 1) throw new ArgumentException($"batch-size is {batchSize}; 1 or more was expected");
        if (seeds.Length == 0) throw new ArgumentException("there is no training node to make batches of");
        (this.seeds, BatchSize, this.seed) = (seeds, batchSize, seed);
        Batches = (int)((seeds.Length + (long)batchSize - 1) / batchSize);
    }

    /// <summary>Training nodes of a batch.</summary>
    public int BatchSize { get; }

    /// <summary>Batches of an epoch.</summary>
    public int Batches { get; }

    /// <summary>The training nodes of a batch.</summary>
    public ReadOnlySpan<int> Of(int epoch, int number)
    {
        int first = number * BatchSize;
        return Order(epoch).AsSpan(first, Math.Min(BatchSize, seeds.Length - first));
    }

    // Two epochs are kept: threads may be ahead in the next one.
    private int[] Order(int epoch)
    {
        lock (gate)
        {
            ref var slot = ref known[epoch % 2];
            if (slot.Epoch == epoch) return slot.Order;
            int[] order = [.. seeds];
            new Draws(seed, (uint)epoch, DrawPurpose.Order, 0, 0).Shuffle(order);
            slot = (epoch, order);
            return order;
        }
    }
}
