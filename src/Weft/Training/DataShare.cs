using Weft.Distributed;

namespace Weft.Training;

/// <summary>What a process must know of a set that it shares with others, beyond its own rows.</summary>
/// <param name="Nodes">Nodes of all processes, N.</param>
/// <param name="Edges">Edges of all processes, E, added loops included.</param>
/// <param name="Digest">Of the whole set, as one process alone would get it.</param>
/// <param name="Grid">How the processes share the graph.</param>
/// <param name="Parts">Which nodes each of them owns.</param>
internal sealed record DataShare(long Nodes, long Edges, string Digest, ProcessGrid Grid, NodeParts Parts);
