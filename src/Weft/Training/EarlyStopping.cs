namespace Weft.Training;

/// <summary>When to stop and which parameters to keep.</summary>
internal abstract class EarlyStopping
{
    /// <summary>The rule of this name.</summary>
    public static EarlyStopping Create(string rule, int patience) => rule == "window" ? new Window(patience) : new Best(patience);

    /// <summary>Takes an evaluation; says whether to keep the parameters and whether to stop.</summary>
    public abstract (bool Keep, bool Stop) Report(double loss, double score);

    private sealed class Best(int patience) : EarlyStopping
    {
        private double bestLoss = double.PositiveInfinity, bestScore = double.NegativeInfinity;
        private int waited;

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            bool asLow = loss <= bestLoss, asHigh = score >= bestScore;
            waited = asLow || asHigh ? 0 : waited + 1;
            (bestLoss, bestScore) = (Math.Min(loss, bestLoss), Math.Max(score, bestScore));
            return (asLow && asHigh, patience > 0 && waited >= patience);
        }
    }

    private sealed class Window(int patience) : EarlyStopping
    {
        private readonly List<double> losses = [];

        public override (bool Keep, bool Stop) Report(double loss, double score)
        {
            bool stop = patience > 0 && losses.Count > patience && loss > losses.TakeLast(patience).Average();
            losses.Add(loss);
            return (true, stop);
        }
    }
}
