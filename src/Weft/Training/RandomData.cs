using Weft.Datasets;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Training;

/// <summary>Features and classes made at random for speed work: of a node by its number alone, so that anyone can make any rows.</summary>
internal static class RandomData
{
    private const int FeatureStream = 1, LabelStream = 2;
    private const ulong Seed = 2;

    /// <summary>Uniform in [−1, 1); [n, width].</summary>
    /// <param name="numbers">Number of each node; null for 0 … n − 1.</param>
    /// <param name="nodes">n</param>
    /// <param name="width">Features of a node.</param>
    public static Matrix Features(int[]? numbers, long nodes, int width)
    {
        var key = new RandomKey(Seed, 0, RandomStreams.Data(FeatureStream));
        var features = Matrix.Allocate(nodes, width);
        for (long i = 0; i < nodes; i++)
        {
            var row = features.Row(i);
            uint number = (uint)(numbers is null ? i : numbers[i]);
            for (int j = 0; j < width; j += 4)
            {
                var (w0, w1, w2, w3) = CounterRandom.Philox(key.Step, key.Stream, number, (uint)j / 4, key.Low, key.High);
                row[j] = Of(w0);
                if (j + 1 < width) row[j + 1] = Of(w1);
                if (j + 2 < width) row[j + 2] = Of(w2);
                if (j + 3 < width) row[j + 3] = Of(w3);
            }
        }
        return features;

        static Real Of(uint word) => (Real)(2 * CounterRandom.Uniform(word) - 1);
    }

    /// <summary>0 … classes − 1, each as likely; [n].</summary>
    public static int[] Labels(int[]? numbers, long nodes, int classes)
    {
        var key = new RandomKey(Seed, 0, RandomStreams.Data(LabelStream));
        var labels = new int[nodes];
        for (int i = 0; i < labels.Length; i++)
            labels[i] = (int)((ulong)CounterRandom.Word(key, (uint)(numbers is null ? i : numbers[i]), 0) * (uint)classes >> 32);
        return labels;
    }

    /// <summary>The split that random classes bring: every node is for training.</summary>
    public static Split EveryNode(long nodes) =>
        new("every node", [.. Enumerable.Repeat(true, (int)nodes)], new bool[nodes], new bool[nodes]);
}
