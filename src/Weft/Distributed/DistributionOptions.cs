using Weft.Graphs;

namespace Weft.Distributed;

/// <summary>How the processes of a grid work together.</summary>
internal sealed record DistributionOptions
{
    /// <summary>Which rows they send each other; a halo is never more words than a dense exchange.</summary>
    public ExchangeKind Exchange { get; init; } = ExchangeKind.Halo;

    /// <summary>
    /// True for results whose bits do not depend on the number of processes. The graph is cut in rows of A alone, at multiples of
    /// 256 nodes; every process holds the edges that leave its nodes too, and every sum is made in one order.
    /// </summary>
    public bool Reproducible { get; init; }

    /// <summary>
    /// True to aggregate own rows while those of other processes are under way. It changes the order of sums and takes a second
    /// copy of the edges; it does nothing with dense exchanges, several channels or reproducible bits.
    /// </summary>
    public bool Overlap { get; init; }
}
