using Weft.Memory;

namespace Weft.Layers;

/// <summary>How a layer that joins earlier outputs leaves their gradients.</summary>
internal static class JoinSteps
{
    /// <summary>The gradient at joined output <paramref name="k"/>, if anyone reads it: these rows, and zeros for the nodes that this layer did not see.</summary>
    public static void GiveBack(this Saved saved, int k, Matrix gradient)
    {
        if (!saved.NeedsJoinedGradient(k)) return;
        gradient.CopyTo(saved.JoinedGradient(k).Top(gradient.Rows));
        saved.ClearBelow(k, gradient.Rows);
    }

    /// <summary>Zeros below the first rows of the gradient at joined output <paramref name="k"/>.</summary>
    public static void ClearBelow(this Saved saved, int k, long rows)
    {
        var whole = saved.JoinedGradient(k);
        if (whole.Rows > rows) whole.RowRange(rows, whole.Rows - rows).Clear();
    }
}
