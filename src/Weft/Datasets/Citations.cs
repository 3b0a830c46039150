using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>
/// A generated citation graph, as large and about as hard as Cora: a contextual stochastic block model (Deshpande, Sen,
/// Montanari and Mossel 2018) whose nodes have power-law popularity and whose features are bags of words.
/// </summary>
/// <remarks>
/// It stands in for a real set on a machine that has none, and is no benchmark. Only whole numbers, + − × ÷ and square
/// roots are used, which every platform rounds alike: a seed means the same graph everywhere.
/// </remarks>
public static class Citations
{
    private const int Words = 1400, WordsOfTopic = 200, Citing = 5300, GroupSize = 30;
    // Shares of citations inside the own group and, with these, inside the own class; of words on the own topic and on a
    // random one; of groups that write on another topic. Chosen so that a GCN and a model without the graph score as on Cora.
    private const double InGroup = 0.68, InClass = 0.81, OnTopic = 0.39, OffTopic = 0.10, Astray = 0.16;
    private static readonly int[] ClassSizes = [800, 430, 420, 350, 300, 220, 180];

    /// <summary>
    /// The set: 2,700 papers in 7 classes, 1,400 words, both directions of each citation, and a split like the public one of
    /// Cora: the first 20 papers of each class for training, the next 500 for validation, the last 1,000 for test.
    /// </summary>
    public static Dataset Create(long seed = 1)
    {
        var random = new SeededRandom((ulong)seed);
        int[] labels = [.. ClassSizes.SelectMany((size, c) => Enumerable.Repeat(c, size))];
        random.Shuffle(labels);
        int[] group = Groups(labels);
        // Some groups write in the words of another field: neighbours then err together, as they do in real graphs.
        int groups = group.Max() + 1;
        int[] language = [.. Enumerable.Range(0, groups).Select(g => labels[Array.IndexOf(group, g)])];
        foreach (int g in random.Permutation(groups).AsSpan(0, (int)(groups * Astray)))
            language[g] = (language[g] + 1 + random.Below(ClassSizes.Length - 1)) % ClassSizes.Length;
        var edges = Cite(labels, group, random);
        return new Dataset
        {
            Name = "citations",
            Edges = edges,
            Features = Write(Array.ConvertAll(group, g => language[g]), random),
            Labels = labels,
            Classes = ClassSizes.Length,
            Splits = [PublicSplit(labels)],
        };
    }

    // Papers of one class in groups of about thirty, numbered class by class.
    private static int[] Groups(int[] labels)
    {
        var group = new int[labels.Length];
        int first = 0;
        for (int c = 0; c < ClassSizes.Length; c++)
        {
            int groups = ClassSizes[c] / GroupSize, member = 0;
            for (int i = 0; i < labels.Length; i++)
                if (labels[i] == c) group[i] = first + member++ % groups;
            first += groups;
        }
        return group;
    }

    private static EdgeList Cite(int[] labels, int[] group, SeededRandom random)
    {
        int n = labels.Length, classes = ClassSizes.Length;
        int[] rank = random.Permutation(n);
        // Expected degrees fall as rank^(−1/2): a power law of exponent 3, near to Cora's.
        double Popularity(int i) => 1 / Math.Sqrt(rank[i] + 1.0);
        int[][] members = [.. Enumerable.Range(0, classes).Select(c => Enumerable.Range(0, n).Where(i => labels[i] == c).ToArray())];
        int[][] others = [.. Enumerable.Range(0, classes).Select(c => Enumerable.Range(0, n).Where(i => labels[i] != c).ToArray())];
        WeightedChoice[] same = [.. members.Select(m => new WeightedChoice(m, p => Popularity(m[p])))];
        WeightedChoice[] different = [.. others.Select(o => new WeightedChoice(o, p => Popularity(o[p])))];
        WeightedChoice[] near = [.. Enumerable.Range(0, group.Max() + 1).Select(g => Enumerable.Range(0, n).Where(i => group[i] == g).ToArray())
            .Select(m => new WeightedChoice(m, p => Popularity(m[p])))];
        var anyone = new WeightedChoice([.. Enumerable.Range(0, n)], Popularity);
        var (source, destination) = (new List<int>(), new List<int>());
        var known = new HashSet<(int, int)>();
        // Every paper cites one, so that none is alone; then popular papers cite more.
        while (source.Count < Citing)
        {
            int i = source.Count < n ? source.Count : anyone.Draw(random), c = labels[i];
            double kind = random.Uniform();
            int j = (kind < InGroup ? near[group[i]] : kind < InClass ? same[c] : different[c]).Draw(random);
            if (i == j || !known.Add((Math.Min(i, j), Math.Max(i, j)))) continue;
            source.Add(i);
            destination.Add(j);
        }
        return new EdgeList(n, [.. source], [.. destination]).Undirected().Simple();
    }

    private static SparseMatrix Write(int[] labels, SeededRandom random)
    {
        int[] vocabulary = random.Permutation(Words);
        var common = new WeightedChoice(vocabulary, p => 1.0 / (p + 10));
        int[] shuffled = random.Permutation(Words);
        WeightedChoice[] topics = [.. ClassSizes.Select((_, c) =>
            new WeightedChoice(shuffled.AsSpan(c * WordsOfTopic, WordsOfTopic).ToArray(), p => 1.0 / (p + 20)))];
        var (pointers, columns) = (new long[labels.Length + 1], new List<int>());
        for (int i = 0; i < labels.Length; i++)
        {
            int length = 6 + random.Below(13) + random.Below(13);
            var words = new SortedSet<int>();
            for (int w = 0; w < length; w++)
            {
                double kind = random.Uniform();
                var from = kind < OnTopic ? topics[labels[i]] : kind < OnTopic + OffTopic ? topics[random.Below(topics.Length)] : common;
                words.Add(from.Draw(random));
            }
            columns.AddRange(words);
            pointers[i + 1] = columns.Count;
        }
        var ones = new Real[columns.Count];
        ones.AsSpan().Fill(1);
        return new SparseMatrix(pointers, [.. columns], ones, Words);
    }

    private static Split PublicSplit(int[] labels)
    {
        int n = labels.Length;
        var (train, validation, test) = (new bool[n], new bool[n], new bool[n]);
        test.AsSpan(n - 1000).Fill(true);
        var taken = new int[ClassSizes.Length];
        int validated = 0;
        for (int i = 0; i < n - 1000; i++)
            if (taken[labels[i]]++ < 20) train[i] = true;
            else if (validated < 500)
            {
                validation[i] = true;
                validated++;
            }
        return new Split("public", train, validation, test);
    }
}
