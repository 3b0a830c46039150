namespace Weft.Layers;

/// <summary>How a matrix of the code is laid out in a trace.</summary>
public enum TraceLayout
{
    /// <summary>As it is: rows × columns.</summary>
    Plain,

    /// <summary>[1, n] → [n].</summary>
    Vector,

    /// <summary>[D, K·d] → [K, D, d], [N, K·d] → [K, N, d]: heads lead.</summary>
    Heads,

    /// <summary>[N, K] → [K, N].</summary>
    HeadScalars,

    /// <summary>[E, K] → [K, E], in the order of the given edge list.</summary>
    EdgeScalars,

    /// <summary>[E, K·d] → [K, E, d], in the order of the given edge list.</summary>
    EdgeHeads,

    /// <summary>[N, K·N] → [K, N, N]: dense attention.</summary>
    Pairs,
}

/// <summary>
/// One matrix of a layer: the identifier in the code, the name in trace files, the paper's symbol and equation, and the layout.
/// </summary>
/// <param name="Code">Name under which the layer takes the matrix from <see cref="Saved"/>.</param>
/// <param name="Trace">Name in trace files; a contract.</param>
/// <param name="Symbol">The symbol in the literature.</param>
/// <param name="Equation">Equation of the source.</param>
/// <param name="Layout">How heads and edges are arranged in the file.</param>
public sealed record TraceName(string Code, string Trace, string Symbol, string Equation, TraceLayout Layout = TraceLayout.Plain);
