using System.Diagnostics.CodeAnalysis;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>U_i = update(A_i, Y_i) for every destination, or its adjoint; a group is 256 rows.</summary>
internal unsafe struct UpdateJob : IRowJob
{
    private MessagePassingLayer layer;
    private ParameterSpans spans;
    private Matrix A, Y, U, dA, dY, sums;
    private bool backward;
    private Exception? failure;

    /// <summary>Groups whose sums of parameter gradients are kept apart, then added up in a tree.</summary>
    public static long Groups(long rows) => (rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;

    /// <summary>U_i = update(A_i, Y_i).</summary>
    public static void Forward(MessagePassingLayer layer, Matrix A, Matrix Y, Matrix U)
    {
        var job = new UpdateJob { layer = layer, spans = layer.Spans, A = A, Y = Y, U = U };
        RowParallel.For(Groups(A.Rows), A.Rows * (A.Columns + U.Columns), ref job);
        AggregateJob.Rethrow(job.failure);
    }

    /// <summary>dU → dA and dY, both overwritten, and sums of the parameters' gradients, [Groups, spans.Count].</summary>
    public static void Backward(MessagePassingLayer layer, Matrix A, Matrix Y, Matrix dU, Matrix dA, Matrix dY, Matrix sums)
    {
        var job = new UpdateJob { layer = layer, spans = layer.Spans, A = A, Y = Y, U = dU, dA = dA, dY = dY, sums = sums, backward = true };
        RowParallel.For(Groups(A.Rows), A.Rows * (A.Columns + dU.Columns), ref job);
        AggregateJob.Rethrow(job.failure);
    }

    [SuppressMessage("Design", "CA1031", Justification = "it is thrown again by the thread that called the layer")]
    public void Run(long first, long last)
    {
        try
        {
            for (long g = first; g < last; g++)
            {
                if (backward && spans.Count > 0) RowVector.Clear(sums.Data + g * sums.Stride, spans.Count);
                for (long i = g * RowVector.RowsPerLeaf; i < Math.Min(A.Rows, (g + 1) * RowVector.RowsPerLeaf); i++)
                {
                    var node = new NodeUpdate(Row(A, i), Row(Y, i));
                    if (!backward)
                    {
                        layer.FormUpdate(node, Row(U, i));
                        continue;
                    }
                    Row(dA, i).Clear();
                    Row(dY, i).Clear();
                    layer.AddUpdateAdjoint(node, Row(U, i), new NodeUpdateGradient(Row(dA, i), Row(dY, i), spans, new Span<Real>(sums.Data + g * sums.Stride, spans.Count)));
                }
            }
        }
        catch (Exception thrown)
        {
            Interlocked.CompareExchange(ref failure, thrown, null);
        }
    }

    private static Span<Real> Row(Matrix matrix, long i) => new(matrix.Data + i * matrix.Stride, (int)matrix.Columns);
}
