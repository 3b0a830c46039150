namespace Weft.MessagePassing;

/// <summary>How a node makes one row of the messages that arrive at it. A node without in-edges has a row of zeros.</summary>
public enum Aggregation
{
    /// <summary>A_i = Σ_{e→i} m_e.</summary>
    Sum,

    /// <summary>A_i = Σ_{e→i} m_e / (number of edges into i).</summary>
    Mean,

    /// <summary>A_ij = max_{e→i} m_ej; the gradient goes to the first edge, in the order of the edge list, that has the maximum.</summary>
    Max,

    /// <summary>
    /// A message is K scores followed by K heads of d values, [L ‖ V]: A_i^k = Σ_{e→i} S_e^k V_e^k with S^k the softmax of L^k over the
    /// edges into i. A score of −∞ leaves its edge out. With d = 1 and L = τ·V it is the softmax aggregation of DeeperGCN.
    /// </summary>
    Softmax,
}
