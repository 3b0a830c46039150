using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;

namespace Weft.Analysis;

/// <summary>Trace of the losses: value and gradient of each at its input.</summary>
internal static class LossTrace
{
    public static Trace Of(TraceCase given)
    {
        var logits = given.Matrix("ce_logits");
        var graph = Graph.FromEdges(logits.Rows, [], []);
        var labels = CaseTrace.Target(given, graph, logits.Columns);
        var entries = new List<TraceEntry> { new("ce_log_softmax", "log H", "z − m − log Σ exp(z − m)", Array(LogSoftmax(logits))) };
        Evaluate(new CrossEntropy(), logits, labels, "ce_loss", "ce_dlogits", "(H − Y) / M");
        Evaluate(new BinaryCrossEntropy(), given.Matrix("bce_logits"), Values("bce_targets"), "bce_loss", "bce_dlogits", "(σ(z) − t) / MC");
        Evaluate(new MeanSquare(), given.Matrix("mse_pred"), Values("mse_target"), "mse_loss", "mse_dpred", "2 (z − t) / MC");
        return new Trace(entries);

        LossTarget Values(string name)
        {
            var values = given.Matrix(name);
            if (values.Rows != logits.Rows) throw given[name].Error($"{values.Rows} rows", $"{logits.Rows}, one for each entry of the mask");
            return LossTarget.FromValues(graph, values, labels.Mask);
        }

        void Evaluate(ILoss loss, Matrix z, LossTarget target, string value, string gradient, string equation)
        {
            var dz = Matrix.Allocate(z.Rows, z.Columns);
            entries.Add(new TraceEntry(value, "ℒ", loss.Name, Number(loss.Evaluate(z, target, dz))));
            entries.Add(new TraceEntry(gradient, "∂ℒ/∂z", equation, Array(dz)));
        }
    }

    /// <summary>logp_i = z_i − m_i − log Σ_c exp(z_ic − m_i)</summary>
    public static Matrix LogSoftmax(Matrix logits)
    {
        var logp = Matrix.Allocate(logits.Rows, logits.Columns);
        for (long i = 0; i < logits.Rows; i++)
        {
            var z = logits.Row(i);
            Real m = Real.NegativeInfinity;
            foreach (Real value in z) m = Real.Max(m, value);
            double sum = 0;
            foreach (Real value in z) sum += Math.Exp((double)value - m);
            for (int c = 0; c < z.Length; c++) logp[i, c] = (Real)((double)z[c] - m - Math.Log(sum));
        }
        GC.KeepAlive(logits);
        return logp;
    }

    /// <summary>One number as files have it.</summary>
    public static NpyArray Number(double value) => new(new[] { (Real)value }, 1);

    private static NpyArray Array(Matrix X) => TraceArrays.ToArray(X, TraceLayout.Plain, 1, []);
}
