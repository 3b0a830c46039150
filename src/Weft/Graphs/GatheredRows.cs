using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Where a layer keeps the rows that its forward pass has gathered from other processes, for its adjoint: on one process, nothing
/// is ever taken from it.
/// </summary>
/// <param name="Workspace">The memory.</param>
/// <param name="Layer">The layer's place in the model.</param>
internal readonly record struct GatheredRows(Workspace Workspace, int Layer)
{
    public Matrix Take(string name, long rows, long columns) => Workspace.Take(Layer, name, rows, columns);

    /// <summary>What the forward pass took.</summary>
    public Matrix this[string name] => Workspace[Layer, name];
}
