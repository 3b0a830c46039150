using Weft.Distributed.Partitioning;
using Weft.Layers;
using Weft.Models;
using Weft.Sampling;

namespace Weft.Training.Objectives;

/// <summary>The sampler that settings stand for.</summary>
internal static class SamplerChoice
{
    private const int DefaultFanout = 10, DefaultLayerSize = 512, ClustersTogether = 8, TimesSeen = 50;

    /// <summary>The sampler of a run.</summary>
    /// <param name="settings">Which.</param>
    /// <param name="adjacency">The graph.</param>
    /// <param name="seeds">The training nodes.</param>
    /// <param name="model">The model, whose layers that look at neighbours want a block each.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentException">A setting is impossible; the message names it.</exception>
    public static ISampler Of(SamplingSettings settings, IAdjacency adjacency, int[] seeds, Model model, ulong seed)
    {
        int hops = Hops(model);
        int size = settings.BatchSize;
        return settings.Sampler switch
        {
            "neighbor" => new NeighborSampler(adjacency, seeds, size, Fanouts(settings, hops, DefaultFanout), settings.Replace, seed),
            "layer" => new LayerSampler(adjacency, seeds, size, Fanouts(settings, hops, DefaultLayerSize), seed),
            "cluster" => Clusters(settings, adjacency, seeds, seed),
            "saint-node" => Saint(new NodeSubgraphs(adjacency, size)),
            "saint-edge" => Saint(new EdgeSubgraphs(adjacency, size)),
            "saint-walk" => Saint(new WalkSubgraphs(adjacency, size, settings.WalkLength)),
            var name => throw new ArgumentException($"there is no sampler '{name}'; use {string.Join(", ", SamplingSettings.Samplers)}"),
        };

        SaintSampler Saint(ISubgraphs subgraphs) =>
            new(adjacency, seeds, subgraphs, settings.SaintSamples ?? checked((int)Math.Ceiling(TimesSeen * (double)adjacency.Nodes / subgraphs.MostNodes)), seed);
    }

    /// <summary>Layers that look at neighbours.</summary>
    /// <exception cref="ArgumentException">There is none, or one sums over whole graphs.</exception>
    public static int Hops(Model model)
    {
        if (model.Layers.Any(layer => layer.Reach == LayerReach.Graphs)) throw new ArgumentException("a model with a readout learns whole graphs: batches of nodes are not for it (--batch-graphs is)");
        int hops = model.Layers.Count(layer => layer.Reach == LayerReach.Neighbours);
        return hops > 0 ? hops : throw new ArgumentException("no layer of the model looks at neighbours: there is nothing to sample; train it without --sampler and --batch-size");
    }

    /// <summary>One number for each layer that looks at neighbours.</summary>
    public static int[] Fanouts(SamplingSettings settings, int hops, int otherwise)
    {
        var given = settings.Fanouts ?? [otherwise];
        if (given.Count == 1) return [.. Enumerable.Repeat(given[0], hops)];
        return given.Count == hops ? [.. given]
            : throw new ArgumentException($"fanouts has {given.Count} numbers ({string.Join(',', given)}); the model has {hops} layers that look at neighbours, so {hops} or one for all were expected");
    }

    private static ClusterSampler Clusters(SamplingSettings settings, IAdjacency adjacency, int[] seeds, ulong seed)
    {
        int clusters = settings.Clusters ?? (int)Math.Clamp(Math.Ceiling(ClustersTogether * (double)adjacency.Nodes / settings.BatchSize), 1, adjacency.Nodes);
        if (clusters > adjacency.Nodes) throw new ArgumentException($"clusters is {clusters}; the graph has {adjacency.Nodes} nodes");
        int together = (int)Math.Clamp(Math.Round(settings.BatchSize * (double)clusters / adjacency.Nodes), 1, clusters);
        var part = Partition.Of(Structure(adjacency), clusters, Partitioners.Named(settings.Partition ?? DefaultPartition, seed)).Part;
        return new ClusterSampler(adjacency, seeds, part, clusters, together, seed);
    }

    /// <summary>METIS where it is installed, else the built-in one.</summary>
    public static string DefaultPartition => MetisPartitioner.IsInstalled ? "metis" : "ldg";

    private static GraphStructure Structure(IAdjacency adjacency)
    {
        if (adjacency.Edges > Array.MaxLength) throw new ArgumentException($"{adjacency.Edges} edges are more than one process can cut into clusters ({Array.MaxLength}): use another sampler");
        var pointers = new long[adjacency.Nodes + 1];
        var index = new int[adjacency.Edges];
        for (int i = 0; i < adjacency.Nodes; i++)
        {
            pointers[i + 1] = pointers[i] + adjacency.Degree(i);
            adjacency.Sources(i, index.AsSpan((int)pointers[i], adjacency.Degree(i)));
        }
        return new GraphStructure(pointers, index);
    }
}
