using System.Numerics;
using Weft.Kernels;

namespace Weft.Datasets;

/// <summary>
/// A directed, degree-corrected block model (Karrer and Newman 2011) of which any node, edge or feature is a function of the seed and
/// its number: as much of it as is wanted can be made anywhere, in any order. Node i is of class i mod C. Its in-degree follows a
/// power law; a source is of its class with chance Homophily, else of another one, and any node of that class as likely. Repeats are
/// edges like any other; there are no loops. Features are the class's centre, ± Signal in each column, plus noise uniform in −1 … 1.
/// </summary>
/// <param name="nodes">N</param>
/// <param name="degree">Mean in-degree.</param>
/// <param name="features">F</param>
/// <param name="classes">C</param>
internal sealed class BlockModel(int nodes, double degree, int features, int classes)
{
    private const int Levels = 1 << 16, PartStream = 11, DegreeStream = 12, SourceStream = 13, FeatureStream = 14, CentreStream = 15;
    private ulong[]? expected;
    private float[]? centres;

    /// <summary>N</summary>
    public int Nodes { get; } = nodes;

    /// <summary>Mean in-degree.</summary>
    public double Degree { get; } = degree;

    /// <summary>F</summary>
    public int Features { get; } = features;

    /// <summary>C</summary>
    public int Classes { get; } = classes;

    /// <summary>Exponent of the in-degrees, above 2.</summary>
    public double Exponent { get; init; } = 2.5;

    /// <summary>Chance that an edge is from a node of the same class.</summary>
    public double Homophily { get; init; } = 0.6;

    /// <summary>Size of each entry of a class's centre.</summary>
    public double Signal { get; init; } = 0.1;

    /// <summary>Share of nodes for training.</summary>
    public double Train { get; init; } = 0.01;

    /// <summary>Share of nodes for validation, and the same for test.</summary>
    public double Validation { get; init; } = 0.001;

    /// <summary>Seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What this refuses.</summary>
    /// <exception cref="ArgumentException">A size or a chance is impossible; the message names it.</exception>
    public BlockModel Checked()
    {
        if (Classes < 2 || Nodes < 2L * Classes || Nodes > int.MaxValue - 64) throw new ArgumentException($"{Nodes} nodes in {Classes} classes: at least 2 classes of 2 nodes were expected");
        if (Features < 1) throw new ArgumentException($"{Features} features: at least 1 was expected");
        if (!(Degree > 0 && Degree * Nodes <= int.MaxValue - 64.0 - Nodes)) throw new ArgumentException($"a mean in-degree of {Degree} on {Nodes} nodes: above 0 and at most 2^31 edges and loops were expected");
        if (!(Exponent > 2 && Exponent <= 100)) throw new ArgumentException($"exponent {Exponent}: above 2 was expected");
        if (!(Homophily >= 0 && Homophily <= 1)) throw new ArgumentException($"homophily {Homophily}: 0 … 1 was expected");
        if (!(Train > 0 && Validation >= 0 && Train + 2 * Validation <= 1)) throw new ArgumentException($"shares {Train} for training and twice {Validation}: above 0 and at most 1 in all were expected");
        if (!(Signal >= 0 && Signal <= 1000)) throw new ArgumentException($"signal {Signal}: 0 … 1000 was expected");
        return this;
    }

    /// <summary>Class of node i.</summary>
    public int Class(int i) => i % Classes;

    /// <summary>'t', 'v' or 's' for a node of training, validation or test; ' ' for none.</summary>
    public char Part(int i)
    {
        uint word = CounterRandom.Word(Key(PartStream), (uint)i, 0);
        ulong train = Threshold(Train), validation = Threshold(Train + Validation), test = Threshold(Train + 2 * Validation);
        return word < train ? 't' : word < validation ? 'v' : word < test ? 's' : ' ';
    }

    /// <summary>Number of in-edges of node i: a quantile of the power law, rounded up or down at random so that the mean is kept.</summary>
    public int InDegree(int i)
    {
        uint word = CounterRandom.Word(Key(DegreeStream), (uint)i, 0);
        ulong degree = (expected ??= Quantiles())[word >> 16] + (word & 0xFFFF);
        return (int)(degree >> 16);
    }

    /// <summary>Sources of the in-edges of node i, as many as there are places for.</summary>
    public void Sources(int i, Span<int> into)
    {
        var key = Key(SourceStream);
        ulong inside = Threshold(Homophily);
        int own = Class(i);
        for (int k = 0; k < into.Length; k++)
        {
            var (choice, other, member, _) = CounterRandom.Philox(key.Step, key.Stream, (uint)i, (uint)k, key.Low, key.High);
            int from = choice < inside ? own : (own + 1 + Below(other, Classes - 1)) % Classes;
            int members = (Nodes - from - 1) / Classes + 1;
            // Of its own class a node has all others to choose from: the last takes its place.
            int rank = Below(member, from == own ? members - 1 : members);
            if (from == own && rank == i / Classes) rank = members - 1;
            into[k] = from + rank * Classes;
        }
    }

    /// <summary>Features of node i, [F].</summary>
    public unsafe void Row(int i, Span<float> into)
    {
        var key = Key(FeatureStream);
        int group = 4 * CounterRandom.Batch;
        var centre = (centres ??= Centres()).AsSpan(Class(i) * Features, Features);
        uint* ids = stackalloc uint[CounterRandom.Batch], blocks = stackalloc uint[CounterRandom.Batch], words = stackalloc uint[group];
        new Span<uint>(ids, CounterRandom.Batch).Fill((uint)i);
        for (int first = 0; first < Features; first += group)
        {
            for (int t = 0; t < CounterRandom.Batch; t++) blocks[t] = (uint)(first / 4 + t);
            CounterRandom.Words(key, ids, blocks, words);
            int count = Math.Min(group, Features - first), j = 0;
            // A word's upper 24 bits as a number in −1 … 1 are exact, and the sum is rounded once: the same bits on every platform.
            for (; j <= count - Vector<float>.Count; j += Vector<float>.Count)
            {
                var bits = Vector.ShiftRightLogical(new Vector<uint>(new ReadOnlySpan<uint>(words + j, Vector<uint>.Count)), 8);
                var noise = Vector.ConvertToSingle(bits.As<uint, int>()) * new Vector<float>(1f / (1 << 23)) - Vector<float>.One;
                (noise + new Vector<float>(centre[(first + j)..])).CopyTo(into[(first + j)..]);
            }
            for (; j < count; j++) into[first + j] = (words[j] >> 8) * (1f / (1 << 23)) - 1 + centre[first + j];
        }
    }

    private RandomKey Key(int stream) => new((ulong)Seed, 0, RandomStreams.Data(stream));

    // Chances as 32-bit thresholds, so that the graph is the same on every platform.
    private static ulong Threshold(double chance) => (ulong)Math.Round(Math.Min(1, chance) * 4294967296.0);

    private static int Below(uint word, int bound) => (int)((ulong)word * (uint)bound >> 32);

    // The in-degree at each of 2^16 levels, with 16 bits after the point, scaled so that their mean is the mean in-degree.
    private ulong[] Quantiles()
    {
        var weights = new double[Levels];
        double sum = 0;
        for (int q = 0; q < Levels; q++) sum += weights[q] = ExactPower.Of(Levels / (q + 0.5), 1 / (Exponent - 1));
        return Array.ConvertAll(weights, w => (ulong)Math.Round(w * (Degree * Levels / sum) * Levels));
    }

    private float[] Centres()
    {
        var signs = new float[Classes * Features];
        for (int c = 0; c < Classes; c++)
            for (int j = 0; j < Features; j++)
                signs[c * Features + j] = (float)((CounterRandom.Word(Key(CentreStream), (uint)c, (uint)j) & 1) == 0 ? Signal : -Signal);
        return signs;
    }
}
