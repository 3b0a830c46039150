using System.Globalization;
using Weft.Communication;
using Weft.Losses;

namespace Weft.Training;

/// <summary>What is minimised in training beside what is reported: label smoothing and class weights. Losses of evaluations are plain.</summary>
internal static class TrainingLoss
{
    /// <summary>The loss of training.</summary>
    /// <param name="plain">The loss of evaluations.</param>
    /// <param name="settings">The smoothing.</param>
    /// <exception cref="ArgumentException">The loss knows no smoothing.</exception>
    public static ILoss Of(ILoss plain, TrainingSettings settings) => (plain, settings.LabelSmoothing) switch
    {
        (_, 0) => plain,
        (CrossEntropy, var smoothing) => new CrossEntropy(smoothing),
        (BinaryCrossEntropy, _) => plain,
        _ => throw new ArgumentException($"label-smoothing is for classes; the loss is {plain.Name}"),
    };

    /// <summary>The target of training: smoothed where labels are 0 or 1, weighted by class where that was asked for.</summary>
    /// <param name="target">The plain one.</param>
    /// <param name="settings">The smoothing.</param>
    /// <param name="byClass">What <see cref="ClassWeights"/> gave.</param>
    public static LossTarget Target(LossTarget target, TrainingSettings settings, double[]? byClass)
    {
        if (settings.LabelSmoothing > 0 && target.Labels is null) target = target.Smoothed(settings.LabelSmoothing);
        return byClass is null || target.Count == 0 ? target : target.WeightedByClass(byClass);
    }

    /// <summary>
    /// Weight of each class, scaled so that the mean over the training part is 1: the weighted mean of the losses is then their mean.
    /// "balanced" is M/(C′·M_c) for the M_c of M that have the class c, one of the C′ that occur.
    /// </summary>
    /// <param name="settings">"balanced", or a number for each class; null gives null.</param>
    /// <param name="labels">Class of each node or graph here; null where there are none.</param>
    /// <param name="mask">True for those of the training part.</param>
    /// <param name="classes">C</param>
    /// <param name="world">The processes that share them.</param>
    /// <exception cref="ArgumentException">The text is no list of weights for these classes.</exception>
    public static double[]? ClassWeights(TrainingSettings settings, int[]? labels, bool[] mask, int classes, ICommunicator world)
    {
        if (settings.ClassWeights is not { } text) return null;
        if (labels is null) throw new ArgumentException("class-weights are for one class each; these data have several labels, or numbers");
        var counts = new long[classes];
        for (int i = 0; i < labels.Length; i++)
            if (mask[i]) counts[labels[i]]++;
        if (world.Size > 1) world.AllReduce(counts.AsSpan(), Reduction.Sum);
        long all = counts.Sum();
        double[] weights = text == "balanced"
            ? [.. counts.Select(n => n == 0 ? 0 : all / (double)(counts.Count(c => c > 0) * n))]
            : Parse(text, classes);
        double mean = counts.Zip(weights, (n, w) => n * w).Sum() / Math.Max(1, all);
        return mean > 0 ? [.. weights.Select(w => w / mean)] : throw new ArgumentException($"class-weights is '{text}': no class of the training part weighs anything");
    }

    private static double[] Parse(string text, int classes)
    {
        string[] words = text.Split(',', StringSplitOptions.TrimEntries);
        double[] weights = [.. words.Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double w) && w >= 0 && double.IsFinite(w) ? w
            : throw new ArgumentException($"class-weights is '{text}': '{word}' is no number of at least 0; balanced, or a number for each class, was expected"))];
        return weights.Length == classes ? weights
            : throw new ArgumentException($"class-weights is '{text}': {weights.Length} weights for {classes} classes; balanced, or a number for each class, was expected");
    }
}
