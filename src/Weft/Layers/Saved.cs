using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>One pass through a model: which step of which run it is, and what it is for.</summary>
/// <param name="Seed">Seed of the run: the key of every random number.</param>
/// <param name="Step">Number of the training step: part of the counter.</param>
/// <param name="Training">True if dropout is active.</param>
public readonly record struct Pass(ulong Seed, int Step, bool Training);

/// <summary>
/// What a layer keeps between its forward pass and its adjoint, and where it takes every buffer from. The same name gives the
/// same memory in every warm step. This object is the cache, the trace and the memory plan of a layer.
/// </summary>
public sealed class Saved
{
    private readonly Workspace workspace;
    private readonly Dictionary<string, (NodeMatrix Input, Matrix Value)> constants = [];
    private readonly List<string>? order;
    private SparseMatrix? sparse;

    internal Saved(Workspace workspace, int layer, bool tracing = false)
    {
        this.workspace = workspace;
        Layer = layer;
        order = tracing ? [] : null;
    }

    /// <summary>The layer's place in the model.</summary>
    public int Layer { get; }

    /// <summary>The pass that is under way.</summary>
    public Pass Pass { get; internal set; }

    /// <summary>The layer's input, H.</summary>
    public NodeMatrix Input { get; internal set; }

    /// <summary>True if the input is the data itself, the same in every step: work that depends on it alone is done once.</summary>
    public bool InputIsConstant { get; internal set; }

    /// <summary>False where nobody reads ∂𝓛/∂H^{l−1}: the first layer on constant data.</summary>
    public bool NeedsInputGradient { get; internal set; } = true;

    /// <summary>The outputs of the layers that <see cref="ILayer.Joins"/> names, in its order. Under sampled blocks one may have more rows than the input: the first are the input's nodes.</summary>
    public IReadOnlyList<NodeMatrix> Joined { get; internal set; } = [];

    /// <summary>False for a joined output whose gradient nobody reads: the model's input.</summary>
    /// <param name="k">Its place in <see cref="Joined"/>.</param>
    public bool NeedsJoinedGradient(int k) => joinedNeedGradient[k];

    /// <summary>The buffer for the gradient at joined output <paramref name="k"/>, shaped like it; <see cref="ILayer.Backward"/> writes all of it if <see cref="NeedsJoinedGradient"/>.</summary>
    public Matrix JoinedGradient(int k) => Take(gradientNames[k], Joined[k].Rows, Joined[k].Columns);

    /// <summary>Which joined outputs need a gradient.</summary>
    internal void Join(NodeMatrix[] joined, bool[] needGradient)
    {
        (Joined, joinedNeedGradient) = (joined, needGradient);
        if (gradientNames.Length != joined.Length) gradientNames = [.. joined.Select((_, k) => $"dJoined{k}")];
    }

    private bool[] joinedNeedGradient = [];
    private string[] gradientNames = [];

    /// <summary>Where the layer keeps what it gathers from other processes until its adjoint has read it.</summary>
    internal GatheredRows Gathered => new(workspace, Layer);

    /// <summary>True if every intermediate is kept, those that training never forms included.</summary>
    public bool Tracing => order is not null;

    /// <summary>Names taken so far in a traced pass, in data-flow order.</summary>
    internal IReadOnlyList<string> Order => order ?? [];

    /// <summary>A buffer that lasts until the adjoint has read it. Its content is undefined until written.</summary>
    public Matrix Take(string name, long rows, long columns)
    {
        if (order is not null && !order.Contains(name)) order.Add(name);
        return workspace.Take(Layer, name, rows, columns);
    }

    /// <summary>A buffer that lasts until this call of the layer returns; kept like any other in a traced pass.</summary>
    public Matrix Temporary(string name, long rows, long columns) =>
        Tracing ? Take(name, rows, columns) : workspace.Temporary(rows, columns);

    /// <summary>
    /// A buffer of this shape in the memory of a matrix that the forward pass left and that nobody reads any more, if it fits
    /// there; kept apart in a traced pass.
    /// </summary>
    /// <param name="last">The matrix that is given up.</param>
    /// <param name="name">Name of the new one in a traced pass.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    public Matrix Over(string last, string name, long rows, long columns)
    {
        if (Tracing) return Take(name, rows, columns);
        var given = this[last];
        return given.Rows == rows && given.Columns == columns ? given : workspace.Temporary(rows, columns);
    }

    /// <summary>
    /// A buffer for something that depends on the input alone. <paramref name="stale"/> tells the layer to compute it: in
    /// every pass, unless the input is constant and the buffer holds the value for it already.
    /// </summary>
    public Matrix Constant(string name, long rows, long columns, out bool stale)
    {
        stale = true;
        if (InputIsConstant)
        {
            stale = !constants.TryGetValue(name, out var known) || known.Input != Input;
            if (stale) constants[name] = known = (Input, workspace.Constant(Layer, name, rows, columns));
            return known.Value;
        }
        return Take(name, rows, columns);
    }

    /// <summary>Keeps a copy of <paramref name="value"/> in a traced pass; otherwise does nothing.</summary>
    /// <param name="name">Name of the copy.</param>
    /// <param name="value">What to copy.</param>
    /// <param name="before">The buffer that holds the value until the layer writes over it, if it does: the copy comes before it in the order.</param>
    public void Note(string name, Matrix value, string? before = null)
    {
        if (order is null) return;
        if (before is not null && !order.Contains(name)) order.Insert(order.IndexOf(before), name);
        value.CopyTo(Take(name, value.Rows, value.Columns));
    }

    /// <summary>The matrix that the forward pass left under this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Matrix this[string name] =>
        InputIsConstant && constants.TryGetValue(name, out var known) ? known.Value : workspace[Layer, name];

    /// <summary>Bytes of what depends on the constant input alone.</summary>
    internal long ConstantBytes => constants.Values.Sum(c => c.Value.Count) * Matrix.BytesPerEntry;

    /// <summary>A sparse matrix with the pattern of <paramref name="pattern"/> over these values, made once.</summary>
    internal SparseMatrix Sparse(SparseMatrix pattern, Matrix values)
    {
        if (sparse is null || sparse.Values != values || sparse.ByRow != pattern.ByRow) sparse = pattern.WithValues(values);
        return sparse;
    }

    internal bool Holds(string name) => workspace.Holds(Layer, name);

    /// <summary>The key of this layer's random numbers for one purpose in this pass.</summary>
    internal RandomKey Key(RandomPurpose purpose) => new(Pass.Seed, (uint)Pass.Step, RandomStreams.Layer(Layer, purpose));

    /// <summary>The layer has returned: its temporaries end.</summary>
    internal void EndCall() => workspace.ReleaseTemporaries();
}
