namespace Weft.Datasets;

/// <summary>Folds of a cross-validation: each graph is in one of them.</summary>
internal static class Folds
{
    /// <summary>Folds where nothing says how many.</summary>
    public const int Usual = 10;

    /// <summary>How many folds there are: numbers from 0 without gaps.</summary>
    /// <param name="folds">Fold of each graph.</param>
    /// <param name="where">Where they are from, for the message.</param>
    /// <exception cref="DataFormatException">There are fewer than 3, or one is without graphs.</exception>
    public static int Count(int[] folds, string where)
    {
        int count = folds.Length == 0 ? 0 : folds.Max() + 1;
        if (count < 3) throw new DataFormatException(where, "folds", $"{count} folds", "at least 3: one to test, one to validate, the others to train on");
        var size = new int[Math.Min(count, folds.Length + 1)];
        foreach (int fold in folds)
            if (fold < size.Length) size[fold]++;
        int empty = Array.IndexOf(size, 0);
        return empty < 0 ? count : throw new DataFormatException(where, "folds", $"no graph in fold {empty}, although there is a fold {count - 1}", "numbers from 0 on without gaps");
    }

    /// <summary>Folds in which each class is shared out evenly: its graphs are shuffled and dealt one fold after another.</summary>
    /// <param name="labels">Class of each graph; null where graphs have none, and all are dealt alike.</param>
    /// <param name="graphs">Number of graphs.</param>
    /// <param name="count">Number of folds.</param>
    /// <param name="seed">The same seed gives the same folds on every platform.</param>
    public static int[] Stratified(int[]? labels, int graphs, int count, ulong seed)
    {
        var folds = new int[graphs];
        var random = new SeededRandom(seed);
        int next = 0;
        foreach (var group in Enumerable.Range(0, graphs).GroupBy(g => labels?[g] ?? 0).OrderBy(group => group.Key))
        {
            int[] members = [.. group];
            random.Shuffle(members);
            foreach (int g in members) folds[g] = next++ % count;
        }
        return folds;
    }

    /// <summary>One fold to test and, if asked for, the next one to validate; the others to train on.</summary>
    public static Split Of(int[] folds, int count, int test, bool validates)
    {
        int validation = validates ? (test + 1) % count : -1;
        return new Split(validates ? $"fold {test}, validation fold {validation}" : $"fold {test}",
            Array.ConvertAll(folds, fold => fold != test && fold != validation),
            Array.ConvertAll(folds, fold => fold == validation),
            Array.ConvertAll(folds, fold => fold == test));
    }

    /// <summary>A random split of graphs: of each class a tenth for test, a tenth for validation, the others for training.</summary>
    public static Split Random(int[]? labels, int graphs, ulong seed)
    {
        if (graphs < 3) throw new ArgumentException($"{graphs} graphs: a random split needs at least 3, one to train on, one to validate and one to test");
        int count = Math.Min(Usual, graphs);
        var split = Of(Stratified(labels, graphs, count, seed), count, 0, validates: true);
        return new Split($"random, seed {seed}", split.Train, split.Validation, split.Test);
    }
}
