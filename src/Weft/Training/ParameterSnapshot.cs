using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
    public string Sha256() => Sha256(Values);

    /// <summary>SHA-256 of parameters as they are now: see the other form.</summary>
    public static string Sha256(IEnumerable<(string Name, Parameter Parameter)> parameters) =>
        Sha256(parameters.Select(p => (p.Name, p.Parameter.Value)));

    /// <summary>SHA-256, in lower-case hexadecimal, of the bytes of all values: little-endian, row by row, in ordinal order of the names.</summary>
    public static string Sha256(IEnumerable<(string Name, Matrix Value)> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, value) in values.OrderBy(v => v.Name, StringComparer.Ordinal))
            for (long i = 0; i < value.Rows; i++) hash.AppendData(MemoryMarshal.AsBytes(value.Row(i)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
