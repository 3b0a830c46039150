using System.Diagnostics.CodeAnalysis;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>
/// The adjoint of messages and aggregation, over one of the two views of the edges: by destination it collects dY and the gradients
/// of parameters, by source dX. The gradient of a message is formed in a row of the thread's own.
/// </summary>
internal unsafe struct AdjointJob : IRowJob
{
    /// <summary>Groups of pieces that each sum the gradients of parameters: as many at most, whatever the graph.</summary>
    private const int MostGroups = 256;

    private Messages messages;
    private EdgeView view;
    private ParameterSpans spans;
    private Matrix state, dA, r, gradient, sums;
    private Real* parts;
    private bool bySource;
    private long groups;
    private Exception? failure;

    /// <summary>Groups whose sums of parameter gradients are kept apart, then added up in a tree.</summary>
    public static long Groups(EdgeView view) => Math.Min(view.Pieces.Count, MostGroups);

    /// <param name="messages">Operands.</param>
    /// <param name="view">Edges by destination, or by source with the numbers of the former.</param>
    /// <param name="bySource">True for the view by source.</param>
    /// <param name="state">What the forward pass kept of each destination.</param>
    /// <param name="dA">Gradient of the aggregates.</param>
    /// <param name="r">Softmax: ⟨dA^k, A^k⟩ of each destination, [n, K].</param>
    /// <param name="gradient">Receives dY or dX, a row for each row of the view; [rows, 0] where the layer reads no destinations.</param>
    /// <param name="spans">The parameters.</param>
    /// <param name="sums">Receives sums of parameter gradients, [Groups, spans.Count]; missing by source.</param>
    public static void Run(in Messages messages, EdgeView view, bool bySource, Matrix state, Matrix dA, Matrix r, Matrix gradient, ParameterSpans spans, Matrix sums)
    {
        var pieces = view.Pieces;
        var job = new AdjointJob
        {
            messages = messages,
            view = view,
            bySource = bySource,
            state = state,
            dA = dA,
            r = r,
            gradient = gradient,
            spans = spans,
            sums = sums,
            groups = sums.IsMissing || sums.Columns == 0 ? pieces.Count : sums.Rows,
        };
        long columns = gradient.Columns;
        if (pieces.Parts > 0) job.parts = Scratch.Take(ScratchUse.Partials, pieces.Parts * columns);
        RowParallel.For(job.groups, 2 * (view.Count + view.Rows) * (messages.X.Columns + messages.Width), ref job);
        AggregateJob.Rethrow(job.failure);
        foreach (var row in pieces.LongRows)
        {
            Real* sum = job.parts + row.FirstPart * columns;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step) RowVector.Add(sum + (t + step) * columns, sum + t * columns, columns);
            new Span<Real>(sum, (int)columns).CopyTo(gradient.Row(row.Row));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "it is thrown again by the thread that called the layer")]
    public void Run(long first, long last)
    {
        try
        {
            long discarded = bySource ? messages.Y.Columns : messages.X.Columns;
            Real* scratch = Scratch.Take(ScratchUse.Message, 2 * messages.Width + discarded + spans.Count);
            var rows = new Rows { Message = scratch, Cotangent = scratch + messages.Width, Other = scratch + 2 * messages.Width };
            RowVector.Clear(rows.Other, discarded + spans.Count);
            var pieces = view.Pieces;
            for (long g = first; g < last; g++)
            {
                rows.Parameters = rows.Other + discarded;
                if (!bySource && spans.Count > 0) RowVector.Clear(rows.Parameters = sums.Data + g * sums.Stride, spans.Count);
                for (long p = g * pieces.Count / groups; p < (g + 1) * pieces.Count / groups; p++) Piece(p, pieces, rows);
            }
        }
        catch (Exception thrown)
        {
            Interlocked.CompareExchange(ref failure, thrown, null);
        }
    }

    /// <summary>Rows that a thread works with: the message, its gradient, what this pass does not collect, sums for the parameters.</summary>
    private struct Rows
    {
        public Real* Message, Cotangent, Other, Parameters;
    }

    private readonly void Piece(long p, EdgePieces pieces, in Rows rows)
    {
        if (pieces.Part[p] >= 0) Edges(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], parts + pieces.Part[p] * gradient.Columns, rows);
        else
            for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++) Edges(i, view.Pointers[i], view.Pointers[i + 1], gradient.Data + i * gradient.Stride, rows);
    }

    private readonly void Edges(long row, long first, long last, Real* own, in Rows rows)
    {
        RowVector.Clear(own, gradient.Columns);
        // Sums of what nobody reads must not grow until they are infinite.
        RowVector.Clear(rows.Other, bySource ? messages.Y.Columns : messages.X.Columns);
        if (bySource) RowVector.Clear(rows.Parameters, spans.Count);
        for (long q = first; q < last; q++)
        {
            if (q + EdgeRows.Ahead < view.Count) Ask(view.Index[q + EdgeRows.Ahead]);
            long edge = view.Value(q), destination = bySource ? view.Index[q] : row;
            var seen = messages.Edge(bySource ? row : view.Index[q], destination, edge);
            var dMessage = Cotangent(seen, edge, destination, rows);
            if (dMessage.IsEmpty) continue;
            Real* source = bySource ? own : rows.Other, target = bySource ? rows.Other : own;
            messages.Layer.AddMessageAdjoint(seen, dMessage, new MessageGradient(
                new Span<Real>(source, (int)messages.X.Columns), new Span<Real>(target, (int)messages.Y.Columns),
                spans, new Span<Real>(rows.Parameters, spans.Count), bySource));
        }
    }

    // The rows at the other end of an edge that comes.
    private readonly void Ask(long end)
    {
        if (!bySource)
        {
            EdgeRows.Prefetch(messages.X, end);
            return;
        }
        EdgeRows.Prefetch(dA, end);
        EdgeRows.Prefetch(messages.Y, end);
        EdgeRows.Prefetch(state, end);
    }

    /// <summary>dm_e; empty where all of it is zero.</summary>
    private readonly ReadOnlySpan<Real> Cotangent(in MessageEdge seen, long edge, long i, in Rows rows)
    {
        long width = messages.Aggregated;
        Real* upstream = dA.Data + i * dA.Stride, dm = rows.Cotangent;
        switch (messages.Aggregation)
        {
            case Aggregation.Sum when messages.Factors.IsMissing: return new ReadOnlySpan<Real>(upstream, (int)width);
            case Aggregation.Sum or Aggregation.Mean:
                Real share = messages.Factors.Data[edge * messages.Factors.Stride];
                for (long j = 0; j < width; j++) dm[j] = share * upstream[j];   // dm_e = dA_i / (edges into i)
                break;
            case Aggregation.Max:
                int* winner = (int*)(state.Data + i * state.Stride);
                bool any = false;
                for (long j = 0; j < width; j++)
                {
                    bool won = winner[j] == (int)edge;
                    any |= won;
                    dm[j] = won ? upstream[j] : 0;                             // dm_ej = dA_ij at the edge that has the maximum
                }
                if (!any) return default;
                break;
            default:
                Softmax(seen, i, upstream, rows);
                break;
        }
        return new ReadOnlySpan<Real>(dm, (int)messages.Width);
    }

    // S = exp(L − m) / s, dV = S·dA, dL = S·(⟨dA, V⟩ − r)
    private readonly void Softmax(in MessageEdge seen, long i, Real* upstream, in Rows rows)
    {
        messages.Layer.FormMessage(seen, new Span<Real>(rows.Message, (int)messages.Width));
        int heads = messages.Heads;
        long d = messages.Aggregated / heads;
        Real* m = state.Data + i * state.Stride, dm = rows.Cotangent;
        Real* S = Scratch.Take(ScratchUse.Factors, heads);
        for (int k = 0; k < heads; k++) S[k] = rows.Message[k] - (Real.IsNegativeInfinity(m[k]) ? 0 : m[k]);
        RowVector.Exp(S, heads);
        for (int k = 0; k < heads; k++)
        {
            Real s = m[heads + k] == 0 ? 0 : S[k] / m[heads + k], along = RowVector.Dot(upstream + k * d, rows.Message + heads + k * d, d);
            dm[k] = s * (along - r.Data[i * r.Stride + k]);
            for (long j = 0; j < d; j++) dm[heads + k * d + j] = s * upstream[k * d + j];
        }
    }
}
