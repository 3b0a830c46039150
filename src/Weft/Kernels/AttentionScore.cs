using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// How attention scores an edge, from a row at each end of it. "Own" is the end whose row a thread works on, the destination in
/// one pass and the source in the other; "other" is the end that an edge gathers.
/// </summary>
internal unsafe interface IAttentionScore
{
    /// <summary>What the score reads of each node at the own end, [rows, K·w].</summary>
    Matrix Own { get; }

    /// <summary>What the score reads of each node at the other end, [columns, K·w].</summary>
    Matrix Other { get; }

    /// <summary>Entries from one head's sum to the next, where a head of values takes <paramref name="padded"/>.</summary>
    static abstract long SumStep(long padded);

    /// <summary>True if the score reads the rows that attention sums up, so that they have been gathered already.</summary>
    static abstract bool ReadsValues { get; }

    /// <summary>Entries of scratch memory that an own row needs.</summary>
    long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>Makes an own row ready for the calls below, in scratch memory if it must be changed; for <see cref="AddGradient"/> too if asked.</summary>
    Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>True if <see cref="Logits"/> and <see cref="AddGradient"/> ask for rows at the other end while they work; else that is left to the caller.</summary>
    static abstract bool Asks { get; }

    /// <summary>L of a few edges; σ_L′ goes to <paramref name="slope"/> where it is one number an edge and head.</summary>
    /// <param name="own">The own row, as <see cref="Prepare"/> made it.</param>
    /// <param name="others">Rows at the other ends.</param>
    /// <param name="count">Edges.</param>
    /// <param name="reach">The last place after <paramref name="others"/> up to which rows are asked for; −1 for none.</param>
    /// <param name="L">The logits, laid out as the caller chooses for the shape of the heads.</param>
    /// <param name="slope">As L.</param>
    void Logits<TLanes, TVector>(Real* own, int* others, int count, int reach, in TileNumbers L, in TileNumbers slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>True if <see cref="AddGradient"/> reads the rows at the other end.</summary>
    static abstract bool GradientReadsOther { get; }

    /// <summary>dL ← dL ⊙ σ_L′ where that is one number an edge and head, as <see cref="Logits"/> left it.</summary>
    void ThroughSlope<TLanes, TVector>(int count, in TileNumbers slope, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>sum += Σ_t dL[t] ∂L[t]/∂own for what <see cref="ThroughSlope"/> left, up to the factor that <see cref="Finish"/> applies.</summary>
    void AddGradient<TLanes, TVector>(Real* own, int* others, int count, int reach, in TileNumbers dL, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>The factor that all edges of the row share; what they add to the gradient of the score's vector goes to da.</summary>
    void Finish<TLanes, TVector>(Real* own, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>True if the score reads features of the edges too: the members below are then called, and only then.</summary>
    static virtual bool ReadsEdges => false;

    /// <summary>Features of the edges by value number, [E, D_e].</summary>
    Matrix Edges => default;

    /// <summary>Entries of the sums over edges that the gradient of the features' weights is made from.</summary>
    long EdgeSums<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => 0;

    /// <summary>Reads the features of a few edges, before <see cref="Logits"/> of the same edges.</summary>
    /// <param name="own">The own row, as <see cref="Prepare"/> made it.</param>
    /// <param name="others">Rows at the other ends.</param>
    /// <param name="numbers">Value numbers of the edges; null where they are first, first + 1, …</param>
    /// <param name="first">See there.</param>
    /// <param name="count">Edges.</param>
    void ReadEdges<TLanes, TVector>(Real* own, int* others, int* numbers, long first, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
    }

    /// <summary>What <see cref="AddGradient"/> does, and the same for the sums over edges; the edges are those that were read last.</summary>
    void AddGradients<TLanes, TVector>(Real* own, int* numbers, long first, int count, in TileNumbers dL, Real* sum, Real* edgeSums)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
    }
}

/// <summary>A score that is a function of the sum of what both ends offer, so that an edge may add to it.</summary>
internal unsafe interface IScoreOfSum<TSelf> : IAttentionScore
    where TSelf : struct, IScoreOfSum<TSelf>
{
    /// <summary>The same score with other rows at the other end, each head of them in whole vectors if <see cref="Heads"/> are counted.</summary>
    TSelf Over(Matrix rows);

    /// <summary>Heads whose columns are padded one by one; 1 where all heads together are one group of columns.</summary>
    long Heads { get; }

    /// <summary>G_t = dL[t] ∂L[t]/∂y_t, up to the factor of <see cref="IAttentionScore.Finish"/>, over the rows y_t of a tile.</summary>
    void Slopes<TLanes, TVector>(Real* own, Real* tile, long row, int count, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}
