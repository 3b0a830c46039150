namespace Weft.Training;

/// <summary>When to stop and which parameters to keep.</summary>
internal abstract class EarlyStopping
{
    /// <summary>The rule of this name.</summary>
    public static EarlyStopping Create(string rule, int patience) => rule switch
    {
        "best" => new Best(patience),
        "loss" => new SmallestLoss(patience),
        "score" => new HighestScore(patience),
        "window" => new Window(patience),
        _ => throw new ArgumentException($"there is no stopping rule '{rule}'; use best, loss, score or window"),
    };

    /// <summary>Everything that the next verdict depends on, for checkpoints.</summary>
    /// <exception cref="ArgumentException">Numbers of another rule are put back.</exception>
    public abstract IReadOnlyList<double> State { get; set; }

    /// <summary>Takes an evaluation; says whether to keep the parameters and whether to stop.</summary>
    /// <param name="loss">Validation loss.</param>
    /// <param name="score">Validation score; higher is better.</param>
    public abstract (bool Keep, bool Stop) Report(double loss, double score);

    private static void ExpectState(IReadOnlyList<double> state, int count)
    {
        if (state.Count != count) throw new ArgumentException($"{state.Count} numbers for a stopping rule that keeps {count}; the rule has changed");
    }

    /// <summary>
    /// The rule of the GAT paper's code: stop after <c>patience</c> evaluations in a row in which neither the loss was at most
    /// the smallest nor the score at least the largest so far; keep the parameters when both are. Patience 0 never stops.
    /// </summary>
    private sealed class Best(int patience) : EarlyStopping
    {
        private double bestLoss = double.PositiveInfinity, bestScore = double.NegativeInfinity;
        private int waited;

        public override IReadOnlyList<double> State
        {
            get => [bestLoss, bestScore, waited];
            set
            {
                ExpectState(value, 3);
                (bestLoss, bestScore, waited) = (value[0], value[1], (int)value[2]);
            }
        }

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            bool asLow = loss <= bestLoss, asHigh = score >= bestScore;
            waited = asLow || asHigh ? 0 : waited + 1;
            // Not Math.Min: a score that is not defined is not a number, and must not become the best.
            if (asLow) bestLoss = loss;
            if (asHigh) bestScore = score;
            return (asLow && asHigh, patience > 0 && waited >= patience);
        }
    }

    /// <summary>
    /// The rule of Fey and Lenssen's benchmarks: keep the parameters with the smallest loss; stop after <c>patience</c>
    /// evaluations in a row that were not below it. Patience 0 never stops.
    /// </summary>
    private sealed class SmallestLoss(int patience) : EarlyStopping
    {
        private double smallest = double.PositiveInfinity;
        private int waited;

        public override IReadOnlyList<double> State
        {
            get => [smallest, waited];
            set
            {
                ExpectState(value, 2);
                (smallest, waited) = (value[0], (int)value[1]);
            }
        }

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            bool smaller = loss < smallest;
            waited = smaller ? 0 : waited + 1;
            if (smaller) smallest = loss;
            return (smaller, patience > 0 && waited >= patience);
        }
    }

    /// <summary>Keep the parameters with the highest score; stop after <c>patience</c> evaluations in a row that were not above it. Patience 0 never stops.</summary>
    private sealed class HighestScore(int patience) : EarlyStopping
    {
        private double highest = double.NegativeInfinity;
        private int waited;

        public override IReadOnlyList<double> State
        {
            get => [highest, waited];
            set
            {
                ExpectState(value, 2);
                (highest, waited) = (value[0], (int)value[1]);
            }
        }

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            bool higher = score > highest;
            waited = higher ? 0 : waited + 1;
            if (higher) highest = score;
            return (higher, patience > 0 && waited >= patience);
        }
    }

    /// <summary>
    /// The rule of the GCN paper's code: from the second evaluation after the window is full, stop when the loss is above the
    /// mean of the window's losses before it. The last parameters are kept, always. A window of 0 never stops.
    /// </summary>
    private sealed class Window(int window) : EarlyStopping
    {
        private readonly double[] losses = new double[window];
        private int reported;

        public override IReadOnlyList<double> State
        {
            get => [reported, .. losses];
            set
            {
                ExpectState(value, losses.Length + 1);
                reported = (int)value[0];
                for (int p = 0; p < losses.Length; p++) losses[p] = value[p + 1];
            }
        }

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            if (window == 0) return (true, false);
            double sum = 0;
            foreach (double before in losses) sum += before;
            bool stop = reported > window && loss > sum / window;
            losses[reported++ % window] = loss;
            return (true, stop);
        }
    }
}
