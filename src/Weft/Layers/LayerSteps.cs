using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>The steps that most layers end a pass with, with the buffers they need.</summary>
internal static class LayerSteps
{
    /// <summary>H = σ(Z); Z itself where σ is the identity.</summary>
    public static Matrix Activate(this Saved saved, Activation σ, Matrix Z)
    {
        if (σ.Kind == ActivationKind.Identity && !saved.Tracing) return Z;
        var H = saved.Take("H", Z.Rows, Z.Columns);
        Elementwise.Forward(σ, Z, H);
        return H;
    }

    /// <summary>
    /// The buffer for Z, the argument of σ. Where σ′ can be told from σ's value, training keeps the value alone: the buffer is
    /// then H's, and <see cref="Output"/> writes H over Z.
    /// </summary>
    public static Matrix TakeArgument(this Saved saved, Activation σ, long rows, long columns, string argument = "Z", string value = "H") =>
        saved.Take(saved.KeepsValueAlone(σ) ? value : argument, rows, columns);

    /// <summary>H = σ(Z + 1 bᵀ), in one pass and over Z where training keeps H alone.</summary>
    /// <param name="saved">Holds Z, and receives H.</param>
    /// <param name="σ">σ</param>
    /// <param name="b">b, if there is one.</param>
    /// <param name="Z">The sum before the bias, which is added to it.</param>
    /// <param name="value">Name of H.</param>
    public static Matrix Output(this Saved saved, Activation σ, Parameter? b, Matrix Z, string value = "H")
    {
        if (saved.KeepsValueAlone(σ))
        {
            Elementwise.Forward(σ, Z, Bias(b), Z);
            return Z;
        }
        if (b is not null) Elementwise.AddBias(Z, b.Value, Z);
        if (σ.Kind == ActivationKind.Identity && !saved.Tracing) return Z;
        var H = saved.Take(value, Z.Rows, Z.Columns);
        Elementwise.Forward(σ, Z, H);
        return H;
    }

    /// <summary>H = σ(sum + 1 bᵀ) in one pass, where the sum is kept for itself: H in <paramref name="Z"/> where training keeps H alone, else Z there.</summary>
    public static Matrix OutputOf(this Saved saved, Activation σ, Parameter? b, Matrix sum, Matrix Z)
    {
        if (saved.KeepsValueAlone(σ))
        {
            Elementwise.Forward(σ, sum, Bias(b), Z);
            return Z;
        }
        if (b is null) sum.CopyTo(Z);
        else Elementwise.AddBias(sum, b.Value, Z);
        return saved.Activate(σ, Z);
    }

    /// <summary>H = σ(X·W + 1 bᵀ), or σ(Z + X·W + 1 bᵀ); bias and σ in the product's last step where training keeps H alone.</summary>
    public static Matrix ProductOutput(this Saved saved, Activation σ, Parameter? b, NodeMatrix X, Matrix W, Matrix Z, bool accumulate = false, string value = "H")
    {
        if (X.IsSparse || !(saved.KeepsValueAlone(σ) || (σ.Kind == ActivationKind.Identity && !saved.Tracing)))
        {
            NodeProduct.Multiply(X, W, Z, accumulate);
            return saved.Output(σ, b, Z, value);
        }
        NodeProduct.CheckWidth(X, W);
        Gemm.Multiply(X.Dense, W, Bias(b), σ, Z, accumulate);
        return Z;
    }

    /// <summary>σ's value as the forward pass left it.</summary>
    public static Matrix ValueOf(this Saved saved, Activation σ, string argument = "Z", string value = "H") =>
        saved[σ.Kind == ActivationKind.Identity && !saved.Tracing ? argument : value];

    /// <summary>dZ = dH ⊙ σ′(Z), not yet formed.</summary>
    public static ActivationAdjoint AdjointOf(this Saved saved, Activation σ, Matrix dH, string argument = "Z", string value = "H") =>
        saved.KeepsValueAlone(σ) ? new(σ, saved[value], FromOutput: true, dH) : new(σ, saved[argument], FromOutput: false, dH);

    /// <summary>dZ = dH ⊙ σ′(Z), and db = Σ_i dZ_i added to the parameter's gradient, in one pass; written over dH outside of a trace.</summary>
    public static Matrix OutputAdjoint(this Saved saved, Graph graph, Activation σ, Parameter? b, Matrix dH, string argument = "Z", string value = "H", string name = "dZ", string nameOfBias = "db")
    {
        if (σ.Kind == ActivationKind.Identity && !saved.Tracing)
        {
            if (b is not null) saved.AddBiasGradient(graph, b, dH, nameOfBias);
            return dH;
        }
        var dZ = saved.Tracing ? saved.Take(name, dH.Rows, dH.Columns) : dH;
        var adjoint = saved.AdjointOf(σ, dH, argument, value);
        if (b is null)
        {
            Elementwise.Backward(adjoint, dZ, default);
            return dZ;
        }
        var db = saved.TemporarySums(graph, nameOfBias, 1, dH.Columns);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, dH.Rows);
            Elementwise.Backward(adjoint.Range(first, rows), dZ.RowRange(first, rows), db.RowRange(run, 1));
        }
        saved.AddGradient(graph, b, db);
        return dZ;
    }

    /// <summary>dZ = dH ⊙ σ′(Z), dW = Xᵀ·dZ and db = Σ_i dZ_i, added to the parameters' gradients, for a dZ that nobody else reads: it is never kept.</summary>
    public static void AddProductGradients(this Saved saved, Graph graph, Activation σ, Parameter W, Parameter? b, Matrix X, Matrix dH)
    {
        var dW = saved.TemporarySums(graph, "dW", W.Value.Rows, W.Value.Columns);
        var db = saved.TemporarySums(graph, "db", 1, dH.Columns);
        var dZ = saved.AdjointOf(σ, dH);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, dH.Rows);
            Gemm.MultiplyTransposedLeft(X.RowRange(first, rows), dZ.Range(first, rows), Sum(dW, graph, run), db.RowRange(run, 1));
        }
        if (b is not null) saved.AddGradient(graph, b, db);
        saved.AddGradient(graph, W, dW);
    }

    private static bool KeepsValueAlone(this Saved saved, Activation σ) =>
        !saved.Tracing && σ.Kind != ActivationKind.Identity && σ.HasSlopeOfOutput;

    private static Matrix Bias(Parameter? b) => b is null ? default : b.Value;

    /// <summary>db = Σ_i dZ_i over the nodes of every process, added to the parameter's gradient.</summary>
    public static void AddBiasGradient(this Saved saved, Graph graph, Parameter b, Matrix dZ, string name = "db")
    {
        var db = saved.TemporarySums(graph, name, 1, dZ.Columns);
        for (int run = 0; run < graph.Runs; run++) Elementwise.ColumnSums(graph.Run(dZ, run), db.RowRange(run, 1));
        saved.AddGradient(graph, b, db);
    }

    /// <summary>dW = Hᵀ·dX over the nodes of every process, added to the parameter's gradient.</summary>
    public static void AddProductGradient(this Saved saved, Graph graph, Parameter W, NodeMatrix H, Matrix dX, string name)
    {
        var dW = saved.TemporarySums(graph, name, W.Value.Rows, W.Value.Columns);
        for (int run = 0; run < graph.Runs; run++)
        {
            if (!H.IsSparse) Gemm.MultiplyTransposedLeft(graph.Run(H.Dense, run), graph.Run(dX, run), Sum(dW, graph, run));
            else if (!graph.IsReproducible) NodeProduct.MultiplyTransposedLeft(H, dX, dW);
            else
            {
                var (first, rows) = graph.RowsOfRun(run, dX.Rows);
                SparseLeaves.MultiplyTransposedLeft(H.Sparse!.ByRow, H.Sparse.Values, dX, first, rows, Sum(dW, graph, run));
            }
        }
        saved.AddGradient(graph, W, dW);
    }

    /// <summary>⟨A, B⟩ over the nodes of every process, added to the gradient of a parameter of one number.</summary>
    public static void AddDotGradient(this Saved saved, Graph graph, Parameter parameter, Matrix A, Matrix B, string name)
    {
        var sum = saved.Temporary(name, 1, 1);
        if (!graph.IsReproducible)
        {
            sum[0, 0] = (Real)Elementwise.Dot(A, B);
            saved.AddGradient(graph, parameter, sum);
            return;
        }
        // Rounded once, at the end: partial sums of an inner product are in double precision.
        Span<double> dots = stackalloc double[graph.Runs];
        for (int run = 0; run < dots.Length; run++) dots[run] = Elementwise.Dot(graph.Run(A, run), graph.Run(B, run));
        sum[0, 0] = (Real)graph.SumOfRuns(dots);
        Elementwise.Add(parameter.Gradient, sum, parameter.Gradient);
    }

    /// <summary>A temporary buffer for sums over nodes, one below another for each run of rows that is summed by itself: one, but in a reproducible run.</summary>
    public static Matrix TemporarySums(this Saved saved, Graph graph, string name, long rows, long columns) => saved.Temporary(name, graph.Runs * rows, columns);

    /// <summary>The sum of one run.</summary>
    public static Matrix Sum(Matrix sums, Graph graph, int run) => sums.RowRange(run * (sums.Rows / graph.Runs), sums.Rows / graph.Runs);

    /// <summary>Sums a gradient over the processes and adds it to the parameter's.</summary>
    /// <param name="saved">Not used; the gradient belongs to its layer.</param>
    /// <param name="graph">The graph whose processes share the nodes.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="sums">The sums of this process's runs of rows, as <see cref="TemporarySums"/> holds them.</param>
    public static void AddGradient(this Saved saved, Graph graph, Parameter parameter, Matrix sums) =>
        Elementwise.Add(parameter.Gradient, graph.SumOfRuns(sums), parameter.Gradient);
}
