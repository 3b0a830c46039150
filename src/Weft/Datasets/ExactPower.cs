namespace Weft.Datasets;

/// <summary>
/// Powers that are the same bits on every platform. The system's own may differ in the last bit between them, which would
/// make a generated graph another graph; here are only + − × ÷, which are exact alike everywhere.
/// </summary>
internal static class ExactPower
{
    private const double Ln2 = 0.693147180559945309417;

    /// <summary>x^power for x ≥ 1, to about 14 digits.</summary>
    public static double Of(double x, double power)
    {
        int halvings = 0;
        for (; x >= 2; x /= 2) halvings++;
        // ln x = 2 artanh((x − 1) / (x + 1)), the argument below 1/3
        double t = (x - 1) / (x + 1), square = t * t, ln = 0, term = t;
        for (int k = 1; k < 40; k += 2, term *= square) ln += term / k;
        return Exp(power * (2 * ln + halvings * Ln2));
    }

    private static double Exp(double y)
    {
        int doublings = (int)Math.Floor(y / Ln2 + 0.5);
        double r = y - doublings * Ln2, sum = 1, term = 1;
        for (int k = 1; k < 20; k++) sum += term *= r / k;
        for (; doublings > 0; doublings--) sum *= 2;
        for (; doublings < 0; doublings++) sum /= 2;
        return sum;
    }
}
