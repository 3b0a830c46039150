namespace Weft.Datasets;

/// <summary>Which nodes (or graphs) are for training, validation and test. One may be in none.</summary>
public sealed class Split
{
    /// <summary>A split over the given masks, which are kept.</summary>
    /// <exception cref="ArgumentException">The masks have different lengths.</exception>
    public Split(string name, bool[] train, bool[] validation, bool[] test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        if (validation.Length != train.Length || test.Length != train.Length)
            throw new ArgumentException($"masks of {train.Length}, {validation.Length} and {test.Length} entries: they must have the same length");
        (Name, Train, Validation, Test) = (name, train, validation, test);
        (TrainCount, ValidationCount, TestCount) = (train.Count(m => m), validation.Count(m => m), test.Count(m => m));
    }

    /// <summary>"public", "public 3", "random, seed 1" and the like.</summary>
    public string Name { get; }

    /// <summary>True for what is trained on.</summary>
    public bool[] Train { get; }

    /// <summary>True for what chooses when to stop.</summary>
    public bool[] Validation { get; }

    /// <summary>True for what is scored.</summary>
    public bool[] Test { get; }

    /// <summary>How many are trained on.</summary>
    public int TrainCount { get; }

    /// <summary>How many choose when to stop.</summary>
    public int ValidationCount { get; }

    /// <summary>How many are scored.</summary>
    public int TestCount { get; }

    /// <summary>The split of some of the nodes, in the order in which they are given.</summary>
    internal Split Select(int[] nodes)
    {
        bool[] Follow(bool[] mask) => Array.ConvertAll(nodes, i => mask[i]);
        return new Split(Name, Follow(Train), Follow(Validation), Follow(Test));
    }

    /// <summary>
    /// A random split: of each class <paramref name="trainPerClass"/> nodes for training and
    /// <paramref name="validationPerClass"/> for validation, all other labelled nodes for test.
    /// </summary>
    /// <param name="labels">Class of each node, −1 for none; [N].</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="trainPerClass">Training nodes of each class.</param>
    /// <param name="validationPerClass">Validation nodes of each class.</param>
    /// <param name="seed">The same seed gives the same split on every platform.</param>
    /// <exception cref="ArgumentException">A class that has nodes has too few of them.</exception>
    public static Split Random(ReadOnlySpan<int> labels, int classes, int trainPerClass, int validationPerClass, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainPerClass);
        ArgumentOutOfRangeException.ThrowIfNegative(validationPerClass);
        var size = new int[classes];
        foreach (int c in labels)
            if (c >= 0) size[c]++;
        for (int c = 0; c < classes; c++)
            if (size[c] > 0 && size[c] <= (long)trainPerClass + validationPerClass)
                throw new ArgumentException($"class {c} has {size[c]} labelled nodes: a random split with {trainPerClass} of each class for training and {validationPerClass} for validation leaves none for test; ask for fewer");
        var (train, validation, test) = (new bool[labels.Length], new bool[labels.Length], new bool[labels.Length]);
        var taken = new int[classes];
        foreach (int i in new SeededRandom((ulong)seed).Permutation(labels.Length))
        {
            if (labels[i] < 0) continue;
            int before = taken[labels[i]]++;
            (before < trainPerClass ? train : before < trainPerClass + validationPerClass ? validation : test)[i] = true;
        }
        return new Split($"random, seed {seed}", train, validation, test);
    }
}
