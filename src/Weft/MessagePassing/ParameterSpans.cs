using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>The parameters that messages and updates learn, side by side in one row of gradients.</summary>
internal sealed unsafe class ParameterSpans
{
    private Parameter[] parameters = [];
    private int[] offsets = [];

    /// <summary>Entries of all of them.</summary>
    public int Count { get; private set; }

    public void Add(Parameter parameter)
    {
        parameters = [.. parameters, parameter];
        offsets = [.. offsets, Count];
        Count = checked(Count + (int)parameter.Value.Count);
    }

    /// <summary>The part of <paramref name="all"/> that belongs to a parameter.</summary>
    public Span<Real> Of(Parameter parameter, Span<Real> all)
    {
        for (int p = 0; p < parameters.Length; p++)
            if (ReferenceEquals(parameters[p], parameter)) return all.Slice(offsets[p], (int)parameter.Value.Count);
        throw new ArgumentException($"the layer does not learn the parameter {parameter?.Name}: make it with Learn in the layer's constructor");
    }

    /// <summary>Adds sums, a row for each group of edges or nodes, up in a dyadic tree; the result is in the first row.</summary>
    public static Matrix Combine(Matrix sums)
    {
        for (long step = 1; step < sums.Rows; step *= 2)
            for (long t = 0; t + step < sums.Rows; t += 2 * step)
                RowVector.Add(sums.Data + (t + step) * sums.Stride, sums.Data + t * sums.Stride, sums.Columns);
        return sums.Top(1);
    }

    /// <summary>Adds a row of gradients to those of the parameters.</summary>
    public void AddTo(Matrix row)
    {
        for (int p = 0; p < parameters.Length; p++)
            for (long i = 0; i < parameters[p].Gradient.Rows; i++)
                RowVector.Add(row.Data + offsets[p] + i * parameters[p].Gradient.Columns, parameters[p].Gradient.Data + i * parameters[p].Gradient.Stride, parameters[p].Gradient.Columns);
    }
}
