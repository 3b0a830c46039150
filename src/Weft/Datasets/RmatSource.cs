using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>The chances of a recursive matrix (R-MAT: Chakrabarti, Zhan and Faloutsos 2004), and its edges.</summary>
/// <param name="Scale">2^Scale nodes.</param>
/// <param name="EdgeFactor">EdgeFactor · 2^Scale edges.</param>
/// <param name="A">Chance of the first quarter of the matrix.</param>
/// <param name="B">Chance of the second.</param>
/// <param name="C">Chance of the third.</param>
/// <param name="Seed">Seed.</param>
internal sealed record RecursiveMatrix(int Scale, int EdgeFactor, double A = 0.57, double B = 0.19, double C = 0.19, long Seed = 1)
{
    private const int Stream = 7;

    /// <summary>Number of nodes.</summary>
    public int Nodes => 1 << Scale;

    /// <summary>Number of edges.</summary>
    public int Edges => EdgeFactor << Scale;

    /// <summary>Refuses sizes and chances that are none.</summary>
    /// <exception cref="ArgumentException">The scale is not 1 … 26, or the chances do not leave one for the last quarter.</exception>
    public RecursiveMatrix Checked()
    {
        if (Scale is < 1 or > 26 || EdgeFactor < 1 || (long)EdgeFactor << Scale > 1 << 30)
            throw new ArgumentException($"scale {Scale} and edge factor {EdgeFactor}: scale 1 … 26 and at most 2^30 edges were expected");
        if (!(A >= 0 && B >= 0 && C >= 0 && A + B + C <= 1)) throw new ArgumentException($"chances {A}, {B}, {C}: three that are not negative and sum to at most 1 were expected");
        return this;
    }

    /// <summary>The ends of edge e, from (seed, e) alone: anyone can draw any part of the graph.</summary>
    public (int Source, int Destination) Edge(int e)
    {
        var key = new RandomKey((ulong)Seed, 0, RandomStreams.Data(Stream));
        // Chances as 32-bit thresholds, so that the graph is the same on every platform.
        ulong a = Threshold(A), ab = Threshold(A + B), abc = Threshold(A + B + C);
        int source = 0, destination = 0;
        (uint, uint, uint, uint) words = default;
        for (int level = 0; level < Scale; level++)
        {
            if (level % 4 == 0) words = CounterRandom.Philox(key.Step, key.Stream, (uint)e, (uint)level / 4, key.Low, key.High);
            uint word = (level % 4) switch { 0 => words.Item1, 1 => words.Item2, 2 => words.Item3, _ => words.Item4 };
            int quarter = word < a ? 0 : word < ab ? 1 : word < abc ? 2 : 3;
            source = source << 1 | quarter >> 1;
            destination = destination << 1 | quarter & 1;
        }
        return (source, destination);

        static ulong Threshold(double chance) => (ulong)Math.Round(Math.Min(1, chance) * 4294967296.0);
    }

    /// <summary>Every edge in order; repeats and loops are edges like any other.</summary>
    public EdgeList ToEdges()
    {
        var (source, destination) = (new int[Edges], new int[Edges]);
        for (int e = 0; e < Edges; e++) (source[e], destination[e]) = Edge(e);
        return new EdgeList(Nodes, source, destination);
    }
}

/// <summary>A recursive matrix of which every process draws its own rows; no features, no labels.</summary>
internal sealed class RmatSource(string name, RecursiveMatrix matrix, bool selfLoops) : IGraphSource
{
    public string Name => name;

    public long Nodes => matrix.Nodes;

    public long Edges => matrix.Edges;

    public long Features => 0;

    public long? FeatureEntries => null;

    public bool HasTargets => false;

    public bool IsWeighted => false;

    public int Classes => 0;

    public IReadOnlyList<string>? ClassNames => null;

    public int EmbeddingWidth => 0;

    public long[]? Offsets => null;

    public int Splits => 0;

    public int[]? ReadNumbers() => null;

    public void ReadEdges(long first, long last, EdgeSink sink)
    {
        var looped = new bool[last - first];
        for (int e = 0; e < matrix.Edges; e++)
        {
            var (source, destination) = matrix.Edge(e);
            if (destination < first || destination >= last) continue;
            if (source == destination) looped[destination - first] = true;
            sink(source, destination, e, 1);
        }
        if (!selfLoops) return;
        for (int i = 0; i < looped.Length; i++)
            if (!looped[i]) sink((int)first + i, (int)first + i, checked(matrix.Edges + (int)first + i), 1);
    }

    public NodeRows ReadRows(long first, long count) =>
        new([.. Enumerable.Range((int)first, (int)count)], Matrix.Allocate(count, 0), null, default);

    public Split ReadSplit(SplitChoice choice, long first, long count) => throw new InvalidOperationException("a generated graph has no split");
}
