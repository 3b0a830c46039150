using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Optimizers;

namespace Weft.Measurement;

/// <summary>The kernels that know no edges.</summary>
internal static class DenseWorks
{
    private const int Word = Matrix.BytesPerEntry, Heads = 4;

    /// <summary>Matrix products at the shapes of a two-layer network on N nodes: 128 features, 256 hidden, 40 classes.</summary>
    public static IReadOnlyList<Work> Products(long N, bool alsoSquare, Operands operands)
    {
        Lazy<Matrix> X128 = operands.Random(N, 128), X256 = operands.Random(N, 256), Y256 = operands.Random(N, 256), Y40 = operands.Random(N, 40);
        Lazy<Matrix> W128 = operands.Random(128, 256), W256 = operands.Random(256, 256), W40 = operands.Random(256, 40);
        Lazy<Matrix> b = operands.Random(1, 256), db = Operands.Zero(1, 256);
        var peak = LimitWorks.Products();
        Work Of(string name, string shape, double n, double f, double g, Action run) => new(name, shape, run)
        {
            Operations = 2.0 * n * f * g,
            Bytes = (n * f + f * g + n * g) * Word,
            Limits = [peak],
        };
        List<Work> works =
        [
            peak,
            Of("gemm", "N×128×256", N, 128, 256, () => Gemm.Multiply(X128.Value, W128.Value, Y256.Value)),
            Of("gemm", "N×256×256", N, 256, 256, () => Gemm.Multiply(X256.Value, W256.Value, Y256.Value)),
            Of("gemm", "N×256×40", N, 256, 40, () => Gemm.Multiply(X256.Value, W40.Value, Y40.Value)),
            Of("gemm Xᵀ·Y", "128×N×256", 128, N, 256, () => Gemm.MultiplyTransposedLeft(X128.Value, Y256.Value, W128.Value)),
            Of("gemm Xᵀ·Y", "256×N×256", 256, N, 256, () => Gemm.MultiplyTransposedLeft(X256.Value, Y256.Value, W256.Value)),
            Of("gemm elu", "N×128×256", N, 128, 256, () => Gemm.Multiply(X128.Value, W128.Value, b.Value, Activation.Elu, Y256.Value)),
            Of("gemm elu dW", "128×N×256", 128, N, 256, () =>
                Gemm.MultiplyTransposedLeft(X128.Value, new ActivationAdjoint(Activation.Elu, X256.Value, FromOutput: true, Y256.Value), W128.Value, db.Value)),
            Of("gemm Y·Wᵀ", "N×256×256", N, 256, 256, () => Gemm.MultiplyTransposedRight(Y256.Value, W256.Value, X256.Value)),
        ];
        if (alsoSquare)
        {
            const int n = 2048;
            Lazy<Matrix> A = operands.Random(n, n), B = operands.Random(n, n), C = Operands.Zero(n, n);
            works.Add(Of("gemm", "2048³", n, n, n, () => Gemm.Multiply(A.Value, B.Value, C.Value)));
        }
        return works;
    }

    /// <summary>Element by element, and row by row, on [N, F].</summary>
    public static IReadOnlyList<Work> Elements(long N, long F, Operands operands)
    {
        Lazy<Matrix> Z = operands.Random(N, F), dH = operands.Random(N, F), result = Operands.Zero(N, F);
        Lazy<Matrix> b = operands.Random(1, F), db = Operands.Zero(1, F), c = Operands.Zero(N, Heads), c2 = Operands.Zero(N, Heads), mean = Operands.Zero(N, F / Heads);
        Lazy<Matrix> a = operands.Random(Heads, F / Heads), da = Operands.Zero(Heads, F / Heads), da2 = Operands.Zero(Heads, F / Heads);
        var ids = new Lazy<int[]>(() => [.. Enumerable.Range(0, (int)N)]);
        var triad = LimitWorks.Triad(N, F, $"N×{F}");
        Work Of(string name, double matrices, int operations, Action run) => new(name, $"N×{F}", run)
        {
            Operations = (double)operations * N * F,
            Bytes = matrices * N * F * Word,
            Limits = [triad],
        };
        List<Work> works =
        [
            triad,
            Of("relu", 2, 1, () => Elementwise.Forward(Activation.Relu, Z.Value, result.Value)),
            Of("relu dZ", 3, 1, () => Elementwise.Backward(Activation.Relu, Z.Value, dH.Value, result.Value)),
            Of("elu", 2, 1, () => Elementwise.Forward(Activation.Elu, Z.Value, result.Value)),
            Of("elu dZ", 3, 2, () => Elementwise.Backward(Activation.Elu, Z.Value, dH.Value, result.Value)),
            Of("bias elu", 2, 2, () => Elementwise.Forward(Activation.Elu, Z.Value, b.Value, result.Value)),
            Of("bias elu dZ", 3, 3, () => Elementwise.Backward(new ActivationAdjoint(Activation.Elu, Z.Value, FromOutput: true, dH.Value), result.Value, db.Value)),
            Of("bias", 2, 1, () => Elementwise.AddBias(Z.Value, b.Value, result.Value)),
            Of("bias db", 1, 1, () => Elementwise.ColumnSums(dH.Value, db.Value)),
            Of("dropout", 2, 1, () => CounterRandom.DropRows(Z.Value, ids.Value, 0.5, new RandomKey(1, 0, 0), result.Value)),
        ];
        if (F % Heads != 0) return works;
        double narrow = 1.0 / (F / Heads);
        works.AddRange(
        [
            Of("head dot", 1 + narrow, 2, () => HeadDot.Multiply(Z.Value, a.Value, c.Value)),
            Of("head dot da", 1 + narrow, 2, () => HeadDot.AdjointA(Z.Value, c.Value, da.Value)),
            Of("head dot dX", 1 + narrow, 1, () => HeadDot.AdjointX(c.Value, a.Value, result.Value)),
            // GATv1's two products, for both ends of an edge.
            Of("head dots", 1 + 2 * narrow, 4, () => HeadDot.Multiply(Z.Value, a.Value, c.Value, a.Value, c2.Value)),
            Of("head dots da", 1 + 2 * narrow, 4, () => HeadDot.AdjointA(Z.Value, c.Value, da.Value, c2.Value, da2.Value)),
            Of("head dots dX", 2 + 2 * narrow, 4, () => HeadDot.AddAdjointX(c.Value, a.Value, c2.Value, a.Value, result.Value)),
            Of("head mean", 1 + 1.0 / Heads, 1, () => HeadMean.Multiply(Z.Value, Heads, mean.Value)),
        ]);
        return works;
    }

    /// <summary>The loss of every node and its gradient at the logits.</summary>
    public static IReadOnlyList<Work> Losses(Graph graph, int classes, Operands operands)
    {
        int N = (int)graph.OwnedDestinations;
        Lazy<Matrix> logits = operands.Random(N, classes), dLogits = Operands.Zero(N, classes);
        var target = new Lazy<LossTarget>(() => LossTarget.FromLabels(graph, [.. Enumerable.Range(0, N).Select(i => i % classes)], [.. Enumerable.Repeat(true, N)]));
        var loss = new CrossEntropy();
        var triad = LimitWorks.Triad(N, classes, $"N×{classes}");
        return
        [
            triad,
            // Largest, difference, exponential, sum, quotient: an exponential counts for one operation.
            new("cross-entropy", $"N×{classes}", () => loss.Evaluate(logits.Value, target.Value, dLogits.Value))
            {
                Operations = 5.0 * N * classes,
                Bytes = 2.0 * N * classes * Word,
                Limits = [triad],
            },
        ];
    }

    /// <summary>A step of Adam: the weight, its gradient and two moments read, three of them written.</summary>
    public static IReadOnlyList<Work> Optimizers(long rows, long columns)
    {
        var adam = new Lazy<Adam>(() =>
        {
            var parameter = new Parameter("W", rows, columns, Initializer.Glorot);
            parameter.Initialize(1, 0);
            parameter.Gradient.Fill((Real)0.001);
            return new Adam([("W", parameter)], new WeightDecay(5e-4));
        });
        var triad = LimitWorks.Triad(rows, columns, $"{rows}×{columns}");
        return
        [
            triad,
            new("adam", $"{rows}×{columns}", () => adam.Value.Step(1e-6))
            {
                Operations = 14.0 * rows * columns,
                Bytes = 7.0 * rows * columns * Word,
                Limits = [triad],
            },
        ];
    }
}
