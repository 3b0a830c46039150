namespace Weft.Tests.Oracles;

/// <summary>Masked losses: value, and gradient in the logits or predictions z by the tape. No row in the mask: both zero.</summary>
internal static class LossOracles
{
    /// <summary>Mean over the masked rows of −Σ_c q_c·logp_c, q = (1 − ε)·onehot(y) + ε/C.</summary>
    public static (double Loss, double[,] Gradient) SmoothedCrossEntropy(double[,] z, int[] labels, bool[] mask, double smoothing) =>
        Run(z, mask, 1, (tape, x, i) =>
        {
            int classes = z.GetLength(1);
            double m = Enumerable.Range(0, classes).Max(c => z[i, c]);
            var normaliser = Var.Log(Var.Sum(tape, [.. Enumerable.Range(0, classes).Select(c => Var.Exp(x[i, c] - m))])) + m;
            return Var.Sum(tape, [.. Enumerable.Range(0, classes).Select(c => ((c == labels[i] ? 1 - smoothing : 0) + smoothing / classes) * (normaliser - x[i, c]))]);
        });

    /// <summary>Mean over the masked rows of log Σ_c exp(z_c) − z_y.</summary>
    public static (double Loss, double[,] Gradient) CrossEntropy(double[,] z, int[] labels, bool[] mask) =>
        Run(z, mask, 1, (tape, x, i) =>
        {
            int classes = z.GetLength(1);
            double m = Enumerable.Range(0, classes).Max(c => z[i, c]);
            var shifted = Enumerable.Range(0, classes).Select(c => x[i, c] - m).ToArray();
            return Var.Log(Var.Sum(tape, [.. shifted.Select(Var.Exp)])) - shifted[labels[i]];
        });

    /// <summary>Mean over the masked entries of −t log σ(z) − (1 − t) log(1 − σ(z)).</summary>
    public static (double Loss, double[,] Gradient) Logistic(double[,] z, double[,] targets, bool[] mask) =>
        Run(z, mask, z.GetLength(1), (tape, x, i) => Var.Sum(tape, [.. Enumerable.Range(0, z.GetLength(1)).Select(c =>
        {
            // log(1 + e^z), written for the sign of z, minus t·z.
            var softplus = z[i, c] > 0
                ? x[i, c] + Var.Log(Var.Exp(-1 * x[i, c]) + 1)
                : Var.Log(Var.Exp(x[i, c]) + 1);
            return softplus - targets[i, c] * x[i, c];
        })]));

    /// <summary>Mean over the masked entries of (z − t)².</summary>
    public static (double Loss, double[,] Gradient) SquaredError(double[,] z, double[,] targets, bool[] mask) =>
        Run(z, mask, z.GetLength(1), (tape, x, i) => Var.Sum(tape, [.. Enumerable.Range(0, z.GetLength(1)).Select(c =>
        {
            var difference = x[i, c] - targets[i, c];
            return difference * difference;
        })]));

    private static (double Loss, double[,] Gradient) Run(double[,] z, bool[] mask, int perRow, Func<Tape, Var[,], int, Var> rowLoss)
    {
        int rows = mask.Count(m => m);
        if (rows == 0) return (0, new double[z.GetLength(0), z.GetLength(1)]);
        var tape = new Tape();
        var x = tape.Variables(z);
        var terms = Enumerable.Range(0, mask.Length).Where(i => mask[i]).Select(i => rowLoss(tape, x, i)).ToArray();
        var loss = Var.Sum(tape, terms) / ((double)rows * perRow);
        tape.Differentiate(new[,] { { loss } }, new[,] { { 1.0 } });
        return (loss.Value, tape.Adjoints(x));
    }
}
