using Weft.Graphs;

namespace Weft.Distributed;

/// <summary>How the processes of a grid work together.</summary>
internal sealed record DistributionOptions
{
    /// <summary>Which rows they send each other; a halo is never more words than a dense exchange.</summary>
    public ExchangeKind Exchange { get; init; } = ExchangeKind.Halo;
}
