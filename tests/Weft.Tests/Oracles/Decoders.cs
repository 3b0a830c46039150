namespace Weft.Tests.Oracles;

/// <summary>Logits of pairs of nodes from their embeddings, each from its formula, pair by pair.</summary>
internal static class DecoderOracles
{
    /// <summary>What a decoder gives.</summary>
    /// <param name="Logits">z, [P, 1].</param>
    /// <param name="EmbeddingGradient">dH, [N, d].</param>
    /// <param name="Gradients">Gradient of each parameter by its name.</param>
    internal sealed record Result(double[,] Logits, double[,] EmbeddingGradient, IReadOnlyDictionary<string, double[,]> Gradients);

    /// <summary>z_p of each pair and, for a cotangent dz, its gradients.</summary>
    public static Result Run(string decoder, double[,] H, int[] source, int[] target, IReadOnlyDictionary<string, double[,]> parameters, double[,]? dz)
    {
        var tape = new Tape();
        var h = tape.Variables(H);
        var p = parameters.ToDictionary(x => x.Key, x => tape.Variables(x.Value));
        var z = new Var[source.Length, 1];
        for (int e = 0; e < source.Length; e++) z[e, 0] = Logit(decoder, tape, h, source[e], target[e], p);
        if (dz is not null) tape.Differentiate(z, dz);
        var logits = new double[source.Length, 1];
        for (int e = 0; e < source.Length; e++) logits[e, 0] = z[e, 0].Value;
        return dz is null ? new Result(logits, new double[0, 0], new Dictionary<string, double[,]>())
            : new Result(logits, tape.Adjoints(h), p.ToDictionary(x => x.Key, x => tape.Adjoints(x.Value)));
    }

    private static Var Logit(string decoder, Tape tape, Var[,] h, int i, int j, Dictionary<string, Var[,]> p)
    {
        int d = h.GetLength(1);
        switch (decoder)
        {
            case "dot":
                return Var.Dot(tape, Enumerable.Range(0, d).Select(c => (h[i, c], h[j, c])));
            case "bilinear":
                return Var.Sum(tape, from a in Enumerable.Range(0, d) from c in Enumerable.Range(0, d) select h[i, a] * p["W"][a, c] * h[j, c]);
            case "mlp":
                var hidden = Enumerable.Range(0, p["b"].GetLength(1)).Select(m =>
                {
                    var sum = Var.Sum(tape, Enumerable.Range(0, d).Select(c => h[i, c] * h[j, c] * p["W"][c, m])) + p["b"][0, m];
                    return (sum.Value > 0 ? sum : 0 * sum) * p["a"][0, m];
                });
                return Var.Sum(tape, [.. hidden]) + p["b_out"][0, 0];
            default:
                throw new ArgumentException(decoder);
        }
    }
}
