using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>
/// The task that separates GATv2 from GAT (Brody, Alon and Yahav, How Attentive are Graph Attention Networks?, ICLR 2022,
/// section 4.1): every query must pick, among all keys, the one that it names, and answer with its value.
/// </summary>
/// <remarks>
/// A graph of size k has the queries 0 … k − 1 and the keys k … 2k − 1 as nodes and an edge from every key to every query,
/// in the order of the queries. Query i carries (i, nothing), key k + i carries (i, perm[i]); the answer of query i is perm[i].
/// </remarks>
public static class DictionaryLookup
{
    /// <summary>All graphs of the set if they are at most so many, as many random ones otherwise.</summary>
    public const int MostGraphs = 32_000;

    /// <summary>
    /// The set for one k: all k! permutations up to k = 7, else 32,000 random ones. Of the k² pairs of key and value,
    /// int(0.8^(1/k) · k²) random ones are allowed; graphs that use only these are for training, the others for test.
    /// </summary>
    /// <remarks>
    /// Features are two one-hot codes side by side, [N, 2(k + 1)]: the key in the first k + 1 columns, the value (k: nothing)
    /// in the others; a Linear layer without bias on them is the sum of two learned tables. Keys have label −1.
    /// </remarks>
    /// <param name="k">Size of the dictionary, 2 … 100.</param>
    /// <param name="seed">Chooses the allowed pairs and the random permutations.</param>
    /// <param name="graphs">At most so many graphs where they are random.</param>
    /// <exception cref="ArgumentOutOfRangeException">k or the number of graphs is out of range.</exception>
    public static Dataset Create(int k, long seed = 1, int graphs = MostGraphs)
    {
        if (k is < 2 or > 100) throw new ArgumentOutOfRangeException(nameof(k), k, "a dictionary has 2 … 100 keys");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(graphs);
        var random = new SeededRandom((ulong)seed);
        var allowed = new bool[k * k];
        foreach (int pair in random.Permutation(k * k).AsSpan(0, (int)(Math.Pow(0.8, 1.0 / k) * k * k))) allowed[pair] = true;
        int[][] permutations = k <= 7 ? [.. All(k)] : [.. Enumerable.Range(0, graphs).Select(_ => random.Permutation(k))];

        int n = checked(2 * k * permutations.Length), count = checked(k * k * permutations.Length);
        var (source, destination, membership, labels, columns) = (new int[count], new int[count], new int[n], new int[n], new int[2 * n]);
        var (train, test) = (new bool[n], new bool[n]);
        for (int g = 0, e = 0; g < permutations.Length; g++)
        {
            int[] values = permutations[g];
            int first = 2 * k * g;
            bool seen = !values.Where((value, key) => !allowed[key * k + value]).Any();
            for (int i = 0; i < k; i++)
            {
                int query = first + i, key = first + k + i;
                (membership[query], membership[key]) = (g, g);
                (labels[query], labels[key]) = (values[i], -1);
                (seen ? train : test)[query] = true;
                (columns[2 * query], columns[2 * query + 1]) = (i, k + 1 + k);
                (columns[2 * key], columns[2 * key + 1]) = (i, k + 1 + values[i]);
                for (int j = 0; j < k; j++, e++) (source[e], destination[e]) = (first + k + j, query);
            }
        }
        var ones = new Real[columns.Length];
        ones.AsSpan().Fill(1);
        var pointers = new long[n + 1];
        for (int i = 0; i <= n; i++) pointers[i] = 2L * i;
        var edges = new EdgeList(n, source, destination);
        return new Dataset
        {
            Name = $"dictionary-lookup-{k}",
            Edges = edges,
            Graphs = new GraphBatch(edges, membership, permutations.Length),
            Features = new SparseMatrix(pointers, columns, ones, 2 * (k + 1)),
            Labels = labels,
            Classes = k,
            Splits = [new Split($"allowed pairs, seed {seed}", train, new bool[n], test)],
        };
    }

    // In lexicographic order.
    private static IEnumerable<int[]> All(int k)
    {
        int[] current = [.. Enumerable.Range(0, k)];
        while (true)
        {
            yield return [.. current];
            int p = k - 2;
            while (p >= 0 && current[p] > current[p + 1]) p--;
            if (p < 0) yield break;
            int q = k - 1;
            while (current[q] < current[p]) q--;
            (current[p], current[q]) = (current[q], current[p]);
            Array.Reverse(current, p + 1, k - p - 1);
        }
    }
}
