using System.Runtime.CompilerServices;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>The operands of a layer's messages, by edge. Edges are numbered in the order of the view by destination.</summary>
internal unsafe struct Messages
{
    public MessagePassingLayer Layer;
    public Aggregation Aggregation;
    public Matrix X, Y, Features, Weights, Copies, Factors;
    public int[] EdgeIds;
    public long Width, Aggregated;
    public int Heads;

    /// <summary>Numbers that a row keeps beside its aggregate: the edge of each maximum, or the softmax's m and s.</summary>
    public readonly long StateWidth => Aggregation switch { Aggregation.Max => Aggregated, Aggregation.Softmax => 2L * Heads, _ => 0 };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MessageEdge Edge(long source, long destination, long edge) => new(
        new ReadOnlySpan<Real>(X.Data + source * X.Stride, (int)X.Columns),
        new ReadOnlySpan<Real>(Y.Data + destination * Y.Stride, (int)Y.Columns),
        new ReadOnlySpan<Real>(Features.Data + edge * Features.Stride, (int)Features.Columns), Weight(edge), EdgeIds[edge]);

    // The weights of a sampled block are multiplied by the edges that each stands for; the sum over edges does that here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Real Weight(long edge)
    {
        Real weight = Weights.IsMissing ? 1 : Weights.Data[edge * Weights.Stride];
        return Copies.IsMissing || Weights.IsMissing ? weight : weight / Copies.Data[edge * Copies.Stride];
    }

    /// <summary>Begins a row: nothing has arrived.</summary>
    public readonly void Begin(Real* aggregate, Real* state)
    {
        RowVector.Clear(aggregate, Aggregated);
        if (Aggregation == Aggregation.Max) new Span<int>(state, (int)Aggregated).Fill(-1);
        if (Aggregation != Aggregation.Softmax) return;
        new Span<Real>(state, Heads).Fill(Real.NegativeInfinity);
        RowVector.Clear(state + Heads, Heads);
    }

    /// <summary>One message arrives.</summary>
    /// <param name="message">[Width]; its scores are written over.</param>
    /// <param name="edge">Its edge.</param>
    /// <param name="aggregate">[Aggregated]</param>
    /// <param name="state">[StateWidth]</param>
    public readonly void Arrive(Real* message, long edge, Real* aggregate, Real* state)
    {
        switch (Aggregation)
        {
            case Aggregation.Sum when Factors.IsMissing: RowVector.Add(message, aggregate, Aggregated); break;
            case Aggregation.Sum or Aggregation.Mean: RowVector.AddScaled(Factors.Data[edge * Factors.Stride], message, aggregate, Aggregated); break;
            case Aggregation.Max: Keep(message, (int)edge, aggregate, (int*)state); break;
            default: Weigh(message, aggregate, state); break;
        }
    }

    // A NaN wins and stays: it must not vanish behind a number.
    private readonly void Keep(Real* message, int edge, Real* aggregate, int* winner)
    {
        for (long j = 0; j < Aggregated; j++)
            if (winner[j] < 0 || (!(message[j] <= aggregate[j]) && !Real.IsNaN(aggregate[j]))) (aggregate[j], winner[j]) = (message[j], edge);
    }

    // m′ = max(m, L), c = exp(m − m′), p = exp(L − m′): s ← c·s + p, A ← c·A + p·V
    private readonly void Weigh(Real* message, Real* aggregate, Real* state)
    {
        long d = Aggregated / Heads;
        Real* factors = Scratch.Take(ScratchUse.Factors, 2L * Heads);
        for (int k = 0; k < Heads; k++)
        {
            Real most = Real.Max(state[k], message[k]), safe = Real.IsNegativeInfinity(most) ? 0 : most;
            (factors[k], factors[Heads + k]) = (state[k] - safe, message[k] - safe);
            state[k] = most;
        }
        RowVector.Exp(factors, 2L * Heads);
        for (int k = 0; k < Heads; k++)
        {
            Real* a = aggregate + k * d;
            if (factors[k] != 1) RowVector.Scale(factors[k], a, d);
            RowVector.AddScaled(factors[Heads + k], message + Heads + k * d, a, d);
            state[Heads + k] = Real.FusedMultiplyAdd(state[Heads + k], factors[k], factors[Heads + k]);
        }
    }

    /// <summary>Two parts of one row, the first having the earlier edges: both in the first.</summary>
    public readonly void Merge(Real* aggregate, Real* state, Real* next, Real* nextState)
    {
        if (Aggregation == Aggregation.Max)
        {
            for (long j = 0; j < Aggregated; j++)
                if (!(next[j] <= aggregate[j]) && !Real.IsNaN(aggregate[j])) (aggregate[j], ((int*)state)[j]) = (next[j], ((int*)nextState)[j]);
            return;
        }
        long d = Aggregation == Aggregation.Softmax ? Aggregated / Heads : Aggregated;
        for (int k = 0; k < (Aggregation == Aggregation.Softmax ? Heads : 0); k++)
        {
            Real most = Real.Max(state[k], nextState[k]), safe = Real.IsNegativeInfinity(most) ? 0 : most;
            Real mine = Real.Exp(state[k] - safe), theirs = Real.Exp(nextState[k] - safe);
            RowVector.Scale(mine, aggregate + k * d, d);
            RowVector.Scale(theirs, next + k * d, d);
            (state[k], state[Heads + k]) = (most, state[Heads + k] * mine + nextState[Heads + k] * theirs);
        }
        RowVector.Add(next, aggregate, Aggregated);
    }

    /// <summary>Ends a row: a softmax divides by its sum.</summary>
    public readonly void End(Real* aggregate, Real* state)
    {
        if (Aggregation != Aggregation.Softmax) return;
        long d = Aggregated / Heads;
        for (int k = 0; k < Heads; k++)
        {
            Real s = state[Heads + k];
            if (s != 0) RowVector.Scale(1 / s, aggregate + k * d, d);
        }
    }
}
