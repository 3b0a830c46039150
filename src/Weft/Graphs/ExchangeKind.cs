namespace Weft.Graphs;

/// <summary>Which rows processes send each other.</summary>
internal enum ExchangeKind
{
    /// <summary>All rows that a member of the group owns, whether the block has edges there or not.</summary>
    Dense,

    /// <summary>The rows at which the block has edges, by lists that are agreed once.</summary>
    Halo,
}
