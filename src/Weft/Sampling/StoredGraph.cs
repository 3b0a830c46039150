namespace Weft.Sampling;

/// <summary>A graph to draw samples from, wherever it lies.</summary>
/// <param name="Adjacency">Its in-edges.</param>
/// <param name="Features">The features of its nodes.</param>
internal sealed record StoredGraph(IAdjacency Adjacency, IFeatureStore Features);
