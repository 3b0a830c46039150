using Weft.Layers;
using Weft.Memory;

namespace Weft.Training;

/// <summary>A copy of all parameter values: the best so far.</summary>
public sealed class ParameterSnapshot
{
    private readonly IReadOnlyList<(string Name, Parameter Parameter)> parameters;

    /// <summary>A copy of these parameters as they are now.</summary>
    public ParameterSnapshot(IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        this.parameters = parameters;
        Values = [.. parameters.Select(p => (p.Name, Matrix.Allocate(p.Parameter.Value.Rows, p.Parameter.Value.Columns)))];
        Take();
    }

    /// <summary>The values kept, by name.</summary>
    public IReadOnlyList<(string Name, Matrix Value)> Values { get; }

    /// <summary>Copies the parameters here. Allocates nothing.</summary>
    public void Take()
    {
        for (int p = 0; p < parameters.Count; p++) parameters[p].Parameter.Value.CopyTo(Values[p].Value);
    }

    /// <summary>Copies the values back into the parameters.</summary>
    public void PutBack()
    {
        for (int p = 0; p < parameters.Count; p++) Values[p].Value.CopyTo(parameters[p].Parameter.Value);
    }

    /// <summary>SHA-256 of the values kept.</summary>
    public string Sha256() => ParameterDigest.Sha256(Values);
}
