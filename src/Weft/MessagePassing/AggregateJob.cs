using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>A_i = aggregate of m_e over the edges into i. A message is formed in a row of the thread's own and aggregated at once.</summary>
internal unsafe struct AggregateJob : IRowJob
{
    private Messages messages;
    private EdgeView view;
    private Matrix A, state;
    private Real* parts;
    private Exception? failure;

    /// <param name="messages">Operands.</param>
    /// <param name="view">Edges by destination.</param>
    /// <param name="A">Receives the aggregates, [view.Rows, Aggregated].</param>
    /// <param name="state">Receives what the adjoint needs of each row, [view.Rows, StateWidth].</param>
    public static void Run(in Messages messages, EdgeView view, Matrix A, Matrix state)
    {
        var pieces = view.Pieces;
        long width = messages.Aggregated + messages.StateWidth;
        var job = new AggregateJob { messages = messages, view = view, A = A, state = state };
        if (pieces.Parts > 0) job.parts = Scratch.Take(ScratchUse.Partials, pieces.Parts * width);
        RowParallel.For(pieces.Count, (view.Count + view.Rows) * (messages.X.Columns + messages.Width), ref job);
        Rethrow(job.failure);
        foreach (var row in pieces.LongRows)
        {
            Real* first = job.parts + row.FirstPart * width;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step)
                {
                    Real* left = first + t * width, right = first + (t + step) * width;
                    messages.Merge(left, left + messages.Aggregated, right, right + messages.Aggregated);
                }
            messages.End(first, first + messages.Aggregated);
            new Span<Real>(first, (int)messages.Aggregated).CopyTo(A.Row(row.Row));
            if (!state.IsMissing) new Span<Real>(first + messages.Aggregated, (int)messages.StateWidth).CopyTo(state.Row(row.Row));
        }
    }

    /// <summary>A user's code may throw; the exception is carried from the thread where it happened to the caller.</summary>
    public static void Rethrow(Exception? failure)
    {
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    [SuppressMessage("Design", "CA1031", Justification = "it is thrown again by the thread that called the layer")]
    public void Run(long first, long last)
    {
        try
        {
            Real* message = Scratch.Take(ScratchUse.Message, messages.Width);
            var pieces = view.Pieces;
            for (long p = first; p < last; p++)
            {
                if (pieces.Part[p] >= 0)
                {
                    Real* part = parts + pieces.Part[p] * (messages.Aggregated + messages.StateWidth);
                    Edges(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], message, part, part + messages.Aggregated);
                    continue;
                }
                for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                {
                    Real* a = A.Data + i * A.Stride, s = state.Data + i * state.Stride;
                    Edges(i, view.Pointers[i], view.Pointers[i + 1], message, a, s);
                    messages.End(a, s);
                }
            }
        }
        catch (Exception thrown)
        {
            Interlocked.CompareExchange(ref failure, thrown, null);
        }
    }

    private readonly void Edges(long i, long first, long last, Real* message, Real* aggregate, Real* rowState)
    {
        messages.Begin(aggregate, rowState);
        for (long q = first; q < last; q++)
        {
            if (q + EdgeRows.Ahead < view.Count) EdgeRows.Prefetch(messages.X, view.Index[q + EdgeRows.Ahead]);
            messages.Layer.FormMessage(messages.Edge(view.Index[q], i, q), new Span<Real>(message, (int)messages.Width));
            messages.Arrive(message, q, aggregate, rowState);
        }
    }
}
