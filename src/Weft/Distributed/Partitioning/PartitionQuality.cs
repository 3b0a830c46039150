namespace Weft.Distributed.Partitioning;

/// <summary>What a partition costs: rows that travel, edges that cross, work in each part.</summary>
/// <param name="HaloRows">Rows of other parts that each part's edges start from, N_p, [P]: what it receives in a forward exchange.</param>
/// <param name="Edges">Edges into each part's nodes, [P]: its sparse work.</param>
/// <param name="CutEdges">Edges between two parts.</param>
internal sealed record PartitionQuality(long[] HaloRows, long[] Edges, long CutEdges)
{
    /// <summary>Σ_p N_p: rows that all parts together receive.</summary>
    public long TotalHaloRows => HaloRows.Sum();

    /// <summary>max_p N_p: the part that waits longest.</summary>
    public long LargestHalo => HaloRows.Max();

    /// <summary>Edges of the fullest part over those of the average one; 1 is even.</summary>
    public double EdgeBalance => Balance(Edges);

    /// <summary>Counts them.</summary>
    public static PartitionQuality Of(GraphStructure graph, Partition partition)
    {
        var (halo, edges) = (new long[partition.Parts], new long[partition.Parts]);
        long cut = 0;
        var view = graph.InEdges;
        // The last part that asked for a row: parts come one after another, so a row counts once for each.
        var asked = new int[graph.Nodes];
        Array.Fill(asked, -1);
        foreach (int i in partition.Order)
        {
            int p = partition.Part[i];
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++)
            {
                int j = view.Index[q];
                edges[p]++;
                if (partition.Part[j] == p) continue;
                cut++;
                if (asked[j] == p) continue;
                asked[j] = p;
                halo[p]++;
            }
        }
        return new PartitionQuality(halo, edges, cut);
    }

    private static double Balance(long[] parts) => parts.Sum() is 0 ? 1 : (double)parts.Max() * parts.Length / parts.Sum();
}
