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

    /// <summary>dZ = dH ⊙ σ′(Z); dH itself where σ is the identity.</summary>
    public static Matrix ActivateAdjoint(this Saved saved, Activation σ, Matrix Z, Matrix dH, string name = "dZ")
    {
        if (σ.Kind == ActivationKind.Identity && !saved.Tracing) return dH;
        var dZ = saved.Temporary(name, Z.Rows, Z.Columns);
        Elementwise.Backward(σ, Z, dH, dZ);
        return dZ;
    }

    /// <summary>db = Σ_i dZ_i over the nodes of every process, added to the parameter's gradient.</summary>
    public static void AddBiasGradient(this Saved saved, Graph graph, Parameter b, Matrix dZ, string name = "db")
    {
        var db = saved.Temporary(name, 1, dZ.Columns);
        Elementwise.ColumnSums(dZ, db);
        saved.AddGradient(graph, b, db);
    }

    /// <summary>dW = Hᵀ·dX over the nodes of every process, added to the parameter's gradient.</summary>
    public static void AddProductGradient(this Saved saved, Graph graph, Parameter W, NodeMatrix H, Matrix dX, string name)
    {
        var dW = saved.Temporary(name, W.Value.Rows, W.Value.Columns);
        NodeProduct.MultiplyTransposedLeft(H, dX, dW);
        saved.AddGradient(graph, W, dW);
    }

    /// <summary>Sums a gradient over the processes and adds it to the parameter's.</summary>
    public static void AddGradient(this Saved saved, Graph graph, Parameter parameter, Matrix partial) =>
        Elementwise.Add(parameter.Gradient, graph.SumOverNodes(partial), parameter.Gradient);
}
