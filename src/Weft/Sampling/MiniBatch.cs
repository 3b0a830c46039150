using Weft.Memory;

namespace Weft.Sampling;

/// <summary>A sample with the features of its nodes, ready to train on.</summary>
internal sealed class MiniBatch
{
    private MiniBatch(int epoch, int number, Sample sample, NodeMatrix features, Matrix memory) =>
        (Epoch, Number, Sample, Features, Memory) = (epoch, number, sample, features, memory);

    public int Epoch { get; }

    public int Number { get; }

    public Sample Sample { get; }

    /// <summary>One row per source of the first block.</summary>
    public NodeMatrix Features { get; }

    /// <summary>What dense features lie in, to be used again; missing for sparse ones.</summary>
    public Matrix Memory { get; }

    /// <summary>Milliseconds that drawing and gathering took.</summary>
    public double Milliseconds { get; set; }

    /// <summary>Draws a batch and gathers its features.</summary>
    /// <param name="sampler">What draws.</param>
    /// <param name="features">The features.</param>
    /// <param name="epoch">0, 1, …</param>
    /// <param name="number">Number of the batch in its epoch.</param>
    /// <param name="scratch">Memory of the thread.</param>
    /// <param name="memory">Memory of an earlier batch to gather into, where it is large enough.</param>
    public static MiniBatch Draw(ISampler sampler, IFeatureStore features, int epoch, int number, SampleScratch scratch, Matrix memory)
    {
        var sample = sampler.Draw(epoch, number, scratch);
        if (features.IsSparse) return new MiniBatch(epoch, number, sample, features.GatherSparse(sample.Nodes), default);
        long entries = sample.Nodes.Length * features.Columns;
        // Batches differ in size: a little more than asked for, so that the next larger one fits too.
        if (memory.IsMissing || memory.Count < entries) memory = Matrix.Allocate(1, entries + entries / 4);
        var rows = memory.ColumnRange(0, entries).Reshape(sample.Nodes.Length, features.Columns);
        features.Gather(sample.Nodes, rows);
        return new MiniBatch(epoch, number, sample, rows, memory);
    }
}
