using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Training;

/// <summary>One short text that tells whether two runs ended with the same bits.</summary>
public static class ParameterDigest
{
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
