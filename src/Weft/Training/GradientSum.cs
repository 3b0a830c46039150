using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Training;

/// <summary>
/// Gradients of several batches on their way to one step: Σ_b n_b·g_b / Σ_b n_b, the gradient of the mean loss over all that the batches
/// count, so that batches that are the whole give the gradient of the whole.
/// </summary>
internal sealed class GradientSum
{
    private readonly (Parameter Parameter, Matrix Sum)[] sums;

    public GradientSum(IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        sums = [.. parameters.Where(p => p.Parameter.IsLearned).Select(p => (p.Parameter, Matrix.Allocate(p.Parameter.Value.Rows, p.Parameter.Value.Columns)))];
        State = [.. parameters.Where(p => p.Parameter.IsLearned).Select((p, k) => (p.Name, sums[k].Sum))];
    }

    /// <summary>What the batches so far count.</summary>
    public long Count { get; set; }

    public bool IsEmpty => Count == 0;

    /// <summary>The sums so far, for a checkpoint.</summary>
    public IReadOnlyList<(string Name, Matrix Value)> State { get; }

    /// <summary>Takes in the parameters' gradients, those of the mean loss of so many.</summary>
    public void Add(long count)
    {
        foreach (var (parameter, sum) in sums) Elementwise.AddScaled(sum, count, parameter.Gradient, sum);
        Count += count;
    }

    /// <summary>Puts the mean into the parameters' gradients and begins anew.</summary>
    public void PutMean()
    {
        foreach (var (parameter, sum) in sums) Elementwise.Scale(sum, 1.0 / Count, parameter.Gradient);
        Clear();
    }

    public void Clear()
    {
        foreach (var (_, sum) in sums) sum.Clear();
        Count = 0;
    }
}
