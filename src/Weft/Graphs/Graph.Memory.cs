namespace Weft.Graphs;

// What a graph takes, counted on the arrays that it holds.
public sealed partial class Graph
{
    /// <summary>
    /// Bytes of every array that the graph holds now: its edges by destination, and by source, normalised or with weights of
    /// a mean where something has asked for that.
    /// </summary>
    internal long Bytes
    {
        get
        {
            var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
            return CountInto(seen);
        }
    }

    /// <summary>Bytes of the buffers in which rows are sent and received, the normalised graphs' included; on one process, none.</summary>
    internal long ExchangeBytes => Place.Buffers.Bytes;

    private long CountInto(HashSet<object> seen)
    {
        long bytes = ByDestination.CountInto(seen) + Weights.Bytes + EdgeFeatures.Bytes;
        if (seen.Add(EdgeIds)) bytes += (long)EdgeIds.Length * sizeof(int);
        if (seen.Add(Identity)) bytes += Identity.Bytes;
        foreach (var rows in new[] { Place.Rows, Place.Columns, Place.Outgoing })
            if (rows is not null && seen.Add(rows)) bytes += rows.Bytes;
        if (Outgoing is not null) bytes += Outgoing.Bytes + (outgoingMeans.IsValueCreated ? outgoingMeans.Value.Bytes : 0);
        if (split.IsValueCreated) bytes += split.Value.Bytes;
        if (bySource.IsValueCreated) bytes += BySource.CountInto(seen);
        foreach (var ordered in new[] { ownBySource, meansBySource })
            if (ordered.IsValueCreated) bytes += ordered.Value.View.CountInto(seen) + ordered.Value.Weights.Bytes;
        if (meanWeights.IsValueCreated) bytes += MeanWeights.Bytes;
        if (Membership is not null) bytes += Membership.CountInto(seen);
        foreach (var normalized in new[] { normalizedWithLoops, normalizedWithoutLoops })
            if (normalized.IsValueCreated) bytes += normalized.Value.CountInto(seen);
        return bytes;
    }
}
