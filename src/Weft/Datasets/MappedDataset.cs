using Weft.Memory;
using Weft.Sampling;

namespace Weft.Datasets;

/// <summary>
/// A folder of .npy files (row_ptr, col, edge_weight, x, y, masks, as <see cref="GraphArchive.WriteFolder(string, Dataset)"/> and
/// <c>weft data generate</c> write them) of which edges and features stay in their files, mapped into memory. In memory are a few
/// words a node: labels, masks and, where nodes get loops, a bit.
/// </summary>
internal sealed class MappedDataset : IDisposable
{
    private readonly PartitionFolder folder;
    private readonly MappedEdges edges;

    private MappedDataset(PartitionFolder folder, MappedEdges edges, IMappedFeatures features) => (this.folder, this.edges, Features) = (folder, edges, features);

    /// <summary>Opens a folder. Headers, lengths and row pointers are checked here, ids and features as they are read.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="selfLoops">True to give each node without a loop one, as edge E + its number; then all ids are read, and checked, here.</param>
    /// <param name="change">What is done to the features of a node as they are read.</param>
    /// <exception cref="DataFormatException">A file is missing or broken, two do not fit together, or the folder is of another kind.</exception>
    public static MappedDataset Open(string path, bool selfLoops, FeatureChange change = FeatureChange.None)
    {
        var folder = PartitionFolder.Open(path, selfLoops);
        MappedEdges? edges = null;
        try
        {
            if (folder.Find("node_id") is { } numbers)
                throw numbers.Error("nodes in the order of parts", "nodes in the order of their numbers, as weft data convert writes them: samples are drawn by number");
            edges = new MappedEdges(folder, selfLoops);
            return new MappedDataset(folder, edges, MappedRows.Open(folder, change));
        }
        catch
        {
            edges?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>True if a path is a folder that this can open.</summary>
    public static bool IsOne(string path) =>
        File.Exists(Path.Combine(path, "row_ptr.npy")) && !File.Exists(Path.Combine(path, "node_id.npy")) && !File.Exists(Path.Combine(path, "graph_id.npy"));

    /// <summary>Name of the set, for people.</summary>
    public string Name => folder.Name;

    /// <summary>N</summary>
    public int Nodes => edges.Nodes;

    /// <summary>The in-edges of every node.</summary>
    public IAdjacency Edges => edges;

    /// <summary>The features of every node.</summary>
    public IMappedFeatures Features { get; }

    /// <summary>Classes, names and splits.</summary>
    public IGraphSource Source => folder;

    /// <summary>What is to be learned at each node: a class, or several, [N, C].</summary>
    public (int[]? Labels, Matrix Targets) ReadLabels() => folder.ReadLabels(0, Nodes);

    /// <summary>The split of a run.</summary>
    public Split ReadSplit(SplitChoice choice) => folder.ReadSplit(choice, 0, Nodes);

    public void Dispose()
    {
        edges.Dispose();
        Features.Dispose();
        folder.Dispose();
    }
}
