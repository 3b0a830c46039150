using Weft.Communication;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// The verbs. Operands in the order sources, sizes, destinations; a destination is overwritten.
public sealed partial class Graph
{
    /// <summary>Z = A·X: Z_i = Σ_{e→i} w_e X_{src(e)}.</summary>
    /// <param name="w">Weight of each edge, [Edges, 1]; missing for weight 1.</param>
    /// <param name="X">[N sources, F]</param>
    /// <param name="Z">[N destinations, F]</param>
    public void Aggregate(Matrix w, Matrix X, Matrix Z)
    {
        CheckRows(X, Z, "X", "Z");
        CheckEdges(w.IsMissing ? Edges : w.Rows, "w");
        var share = Place.Share((int)X.Columns);
        if (Place.Overlaps)
        {
            AggregateMeanwhile(split.Value, share, w, X, Z);
            return;
        }
        var partial = share.Destinations.Partial(Z);
        Spmm.Multiply(ByDestination, w, share.Sources.Gather(X, "X"), partial);
        share.Destinations.ScatterSum(partial, Z);
    }

    /// <summary>dX = Aᵀ·dZ: dX_j = Σ_{e: src(e)=j} w_e dZ_{dst(e)}. Adjoint of <see cref="Aggregate(Matrix, Matrix, Matrix)"/> in X.</summary>
    public void AggregateAdjoint(Matrix w, Matrix dZ, Matrix dX)
    {
        CheckRows(dX, dZ, "dX", "dZ");
        CheckEdges(w.IsMissing ? Edges : w.Rows, "w");
        var share = Place.Share((int)dZ.Columns);
        if (Outgoing is not null)
        {
            Spmm.Multiply(Outgoing.View, OutgoingWeights(w), share.Outgoing!.Gather(dZ, "dZ"), dX);
            return;
        }
        if (Place.Overlaps)
        {
            AggregateAdjointMeanwhile(split.Value, share, w, dZ, dX);
            return;
        }
        var partial = share.Sources.Partial(dX);
        var (view, weights) = WeightedBySource(w);
        Spmm.Multiply(view, weights, share.Destinations.Gather(dZ, "dZ"), partial);
        share.Sources.ScatterSum(partial, dX);
    }

    /// <summary>Z^k = S^k·X^k: Z^k_i = Σ_{e→i} S_e^k X^k_{src(e)}.</summary>
    /// <param name="S">[Edges, local heads]</param>
    /// <param name="X">[N sources, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="Z">[N destinations, K·d]</param>
    public void Aggregate(Matrix S, Matrix X, int heads, Matrix Z)
    {
        CheckRows(X, Z, "X", "Z");
        CheckEdges(S.Rows, "S");
        var share = Place.Share(heads);
        var partial = share.Destinations.Partial(Z);
        Spmm.MultiplyHeads(ByDestination, S, share.Sources.Gather(X, "X"), partial);
        share.Destinations.ScatterSum(partial, Z);
    }

    /// <summary>dX^k = (S^k)ᵀ·dZ^k: the adjoint of <see cref="Aggregate(Matrix, Matrix, int, Matrix)"/> in X.</summary>
    public void AggregateAdjoint(Matrix S, Matrix dZ, int heads, Matrix dX)
    {
        CheckComposed();
        CheckRows(dX, dZ, "dX", "dZ");
        CheckEdges(S.Rows, "S");
        var share = Place.Share(heads);
        var partial = share.Sources.Partial(dX);
        Spmm.MultiplyHeads(BySource, S, share.Destinations.Gather(dZ, "dZ"), partial);
        share.Sources.ScatterSum(partial, dX);
    }

    /// <summary>V_e^k = scale · ⟨P^k_{dst(e)}, Q^k_{src(e)}⟩; with P = dZ and Q = X the adjoint of aggregation in S.</summary>
    /// <param name="P">[N destinations, K·d]</param>
    /// <param name="Q">[N sources, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="V">[Edges, local heads]</param>
    /// <param name="scale">A factor of every product.</param>
    public void SampledDot(Matrix P, Matrix Q, int heads, Matrix V, double scale = 1)
    {
        CheckRows(Q, P, "Q", "P");
        CheckEdges(V.Rows, "V");
        var share = Place.Share(heads);
        Sddmm.HeadDots(ByDestination, share.Destinations.Gather(P, "P"), share.Sources.Gather(Q, "Q"), (Real)scale, V);
    }

    /// <summary>P_e = c_{dst(e)} + b_{src(e)}, per head and feature.</summary>
    /// <param name="cDst">[N destinations, K·w]</param>
    /// <param name="cSrc">[N sources, K·w]</param>
    /// <param name="heads">K</param>
    /// <param name="P">[Edges, local heads · w]</param>
    public void OuterSum(Matrix cDst, Matrix cSrc, int heads, Matrix P)
    {
        CheckRows(cSrc, cDst, "cSrc", "cDst");
        CheckEdges(P.Rows, "P");
        var share = Place.Share(heads);
        SegmentReduce.OuterSum(ByDestination, share.Destinations.Gather(cDst, "cDst"), share.Sources.Gather(cSrc, "cSrc"), P);
    }

    /// <summary>Σ_dst = sums of dP along each row, Σ_src = sums down each column: the adjoint of <see cref="OuterSum"/>.</summary>
    public void OuterSumAdjoint(Matrix dP, int heads, Matrix dcDst, Matrix dcSrc)
    {
        CheckComposed();
        var share = Place.Share(heads);
        var partialDst = share.Destinations.Partial(dcDst);
        SegmentReduce.RowSums(ByDestination, dP, partialDst);
        share.Destinations.ScatterSum(partialDst, dcDst);
        var partialSrc = share.Sources.Partial(dcSrc);
        SegmentReduce.RowSums(BySource, dP, partialSrc);
        share.Sources.ScatterSum(partialSrc, dcSrc);
    }

    /// <summary>L_e^k = ⟨a^k, V_e^k⟩.</summary>
    /// <param name="V">[Edges, local heads · d]</param>
    /// <param name="a">[K, d]</param>
    /// <param name="L">[Edges, local heads]</param>
    public void EdgeDot(Matrix V, Matrix a, Matrix L)
    {
        var share = Place.Share((int)a.Rows);
        HeadDot.Multiply(V, a.RowRange(share.First, share.Count), L);
    }

    /// <summary>da^k = Σ_e dL_e^k V_e^k over this process's edges and dV_e^k = dL_e^k a^k: the adjoint of <see cref="EdgeDot"/>. dV may be V.</summary>
    public void EdgeDotAdjoint(Matrix V, Matrix a, Matrix dL, Matrix da, Matrix dV)
    {
        var share = Place.Share((int)a.Rows);
        da.Clear();
        HeadDot.AdjointA(V, dL, da.RowRange(share.First, share.Count));
        HeadDot.AdjointX(dL, a.RowRange(share.First, share.Count), dV);
    }

    /// <summary>S_e = exp(L_e − m_i) / s_i over the edges into i. S may be L.</summary>
    /// <param name="L">[Edges, local heads]</param>
    /// <param name="m">Receives each row's largest logit, [BlockRows, local heads].</param>
    /// <param name="s">Receives each row's sum of exponentials, [BlockRows, local heads].</param>
    /// <param name="S">[Edges, local heads]</param>
    public void Softmax(Matrix L, Matrix m, Matrix s, Matrix S)
    {
        SegmentSoftmax.Max(ByDestination, L, m);
        ReduceRows(m, Reduction.Max, Real.NegativeInfinity);
        SegmentSoftmax.Exponentials(ByDestination, L, m, S, s);
        ReduceRows(s, Reduction.Sum, 0);
        SegmentSoftmax.Divide(ByDestination, S, s);
    }

    /// <summary>dL_e = S_e (dS_e − r_i), r_i = Σ_{e→i} S_e dS_e: the adjoint of <see cref="Softmax"/>. dL may be dS.</summary>
    /// <param name="S">[Edges, local heads]</param>
    /// <param name="dS">[Edges, local heads]</param>
    /// <param name="r">Receives each row's ⟨S, dS⟩, [BlockRows, local heads].</param>
    /// <param name="dL">[Edges, local heads]</param>
    public void SoftmaxAdjoint(Matrix S, Matrix dS, Matrix r, Matrix dL)
    {
        SegmentSoftmax.Dots(ByDestination, S, dS, r);
        ReduceRows(r, Reduction.Sum, 0);
        SegmentSoftmax.Adjoint(ByDestination, S, dS, r, dL);
    }

    /// <summary>B ⊙ S with B = 0 or 1/(1 − rate), drawn for each edge and head from its own counter.</summary>
    internal void DropEdges(Matrix S, int heads, double rate, RandomKey key, Matrix result) =>
        CounterRandom.DropEdges(S, EdgeIds, Place.Share(heads).First, rate, key, result);

    /// <summary>Adds a sum over this process's nodes (or edges) to those of the other processes: the gradient of a parameter.</summary>
    /// <returns><paramref name="partial"/>, which now holds the whole sum.</returns>
    public Matrix SumOverNodes(Matrix partial)
    {
        Place.World.AllReduce(partial, Reduction.Sum);
        return partial;
    }

    /// <summary>The sum of <paramref name="value"/> over all processes.</summary>
    public double SumOverNodes(double value)
    {
        if (Place.World.Size == 1) return value;
        Span<double> sum = [value];
        Place.World.AllReduce(sum, Reduction.Sum);
        return sum[0];
    }

    /// <summary>The sum of <paramref name="count"/> over all processes.</summary>
    internal long SumOverNodes(long count)
    {
        if (Place.World.Size == 1) return count;
        Span<long> sum = [count];
        Place.World.AllReduce(sum, Reduction.Sum);
        return sum[0];
    }

    /// <summary>True where no bit may depend on the number of processes.</summary>
    internal bool IsReproducible => Place.Tree is not null;

    /// <summary>How many runs of rows this process sums one by one when it sums over nodes: one, unless the bits must not depend on the number of processes.</summary>
    internal int Runs => Place.Tree?.Runs.Length ?? 1;

    /// <summary>The rows of a run.</summary>
    internal Matrix Run(Matrix x, int run) => Place.Tree is null || x.IsMissing ? x : x.RowRange(Place.Tree.Runs[run].First, Place.Tree.Runs[run].Rows);

    /// <summary>The first row of a run and how many it has, of a matrix of <paramref name="rows"/> rows.</summary>
    internal (long First, long Rows) RowsOfRun(int run, long rows) => Place.Tree is null ? (0, rows) : Place.Tree.Runs[run];

    /// <summary>Sums of this process's runs, one after another, [Runs · r, c] → the sum over the nodes of all processes, in the first r rows.</summary>
    internal Matrix SumOfRuns(Matrix parts) => Place.Tree is null ? SumOverNodes(parts) : Place.Tree.Sum(parts, Place.Buffers);

    /// <summary>The same for one number a run.</summary>
    internal double SumOfRuns(ReadOnlySpan<double> parts) => Place.Tree is null ? SumOverNodes(parts[0]) : Place.Tree.Sum(parts);

    private void CheckComposed()
    {
        if (Outgoing is not null) throw new NotSupportedException("a reproducible run has no coefficients of its outgoing edges: trace on one process, or without the reproducible mode");
    }

    /// <summary>A number for each row of the block and local head, combined with those of the processes that have other columns of the row.</summary>
    private void ReduceRows(Matrix rows, Reduction reduction, Real none)
    {
        if (Place.RowPeers.Size == 1) return;
        if (Place.Rows.NeededAt is not { } places)
        {
            Place.RowPeers.AllReduce(rows, reduction);
            return;
        }
        // The peers' blocks have edges in other rows: all rows of the group, then, for the time of the exchange.
        var all = Place.Buffers.Take(0, "rows", Place.Rows.All, rows.Columns);
        all.Fill(none);
        for (long i = 0; i < rows.Rows; i++) rows.Row(i).CopyTo(all.Row(places[i]));
        Place.RowPeers.AllReduce(all, reduction);
        for (long i = 0; i < rows.Rows; i++) all.Row(places[i]).CopyTo(rows.Row(i));
    }

    private void CheckRows(Matrix source, Matrix destination, string nameOfSource, string nameOfDestination)
    {
        if (source.Rows != OwnedSources || destination.Rows != OwnedDestinations || source.Columns != destination.Columns)
            throw new ArgumentException($"{nameOfSource} is {source} and {nameOfDestination} is {destination}; [{OwnedSources}, F] and [{OwnedDestinations}, F] were expected, a row per source and per destination");
    }

    private void CheckEdges(long rows, string name)
    {
        if (rows != Edges) throw new ArgumentException($"{name} has {rows} rows; {Edges} were expected, one per edge");
    }
}
