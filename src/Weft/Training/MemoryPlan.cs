using Weft.Memory;
using Weft.Models;

namespace Weft.Training;

/// <summary>What memory is for, beside the buffers of layers.</summary>
public enum MemoryPart
{
    /// <summary>Data: features of the nodes.</summary>
    Features,

    /// <summary>Data: the edges, as read and by destination.</summary>
    Edges,

    /// <summary>Data: labels and the split.</summary>
    Labels,

    /// <summary>Values and gradients of the parameters.</summary>
    Parameters,

    /// <summary>What the optimiser keeps for each parameter.</summary>
    Optimizer,

    /// <summary>The best parameters so far.</summary>
    Best,

    /// <summary>Forms of the graph and the features that training makes: edges by source, normalised, columns of sparse features.</summary>
    Graph,

    /// <summary>The gradient of the loss.</summary>
    Loss,

    /// <summary>Buffers that last until a layer returns, used by all layers in turn.</summary>
    Temporary,
}

/// <summary>A buffer of a layer.</summary>
/// <param name="Layer">The layer's place in the model, from 0.</param>
/// <param name="Kind">The layer's kind.</param>
/// <param name="Name">Name of the buffer.</param>
/// <param name="Bytes">What it takes.</param>
public sealed record PlannedBuffer(int Layer, string Kind, string Name, long Bytes);

/// <summary>The memory that a training run will hold, known before it runs. Bytes.</summary>
/// <remarks>
/// No formula is written twice: the real trainer runs the real model on graphs of a few nodes. Every buffer has rows of nodes,
/// of edges, of stored features or a fixed number, so its size is an affine function of those, which four such runs determine and
/// a fifth one checks; the requests are then placed, in the order in which they came, as the run will place them.
/// </remarks>
public sealed class MemoryPlan
{
    private readonly Dictionary<MemoryPart, long> parts = [];

    private MemoryPlan(DataSize size, long parameters) => (Size, Parameters) = (size, parameters);

    /// <summary>The data that the plan is for.</summary>
    public DataSize Size { get; }

    /// <summary>Number of trainable values.</summary>
    public long Parameters { get; }

    /// <summary>Buffers that layers keep from their forward pass to their adjoint, in data-flow order.</summary>
    public IReadOnlyList<PlannedBuffer> Buffers { get; private set; } = [];

    /// <summary>What each layer puts out, holds and does.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; private set; } = [];

    /// <summary>Everything else, by what it is for.</summary>
    public IReadOnlyDictionary<MemoryPart, long> Parts => parts;

    /// <summary>Buffers of the passes: what <see cref="Trainer.WorkspaceBytes"/> will be.</summary>
    public long WorkspaceBytes => Buffers.Sum(b => b.Bytes) + parts[MemoryPart.Temporary];

    /// <summary>Features, edges and labels: what is there before training begins.</summary>
    public long DataBytes => parts[MemoryPart.Features] + parts[MemoryPart.Edges] + parts[MemoryPart.Labels];

    /// <summary>All that training adds.</summary>
    public long BeyondDataBytes => TotalBytes - DataBytes;

    /// <summary>All of it.</summary>
    public long TotalBytes => Buffers.Sum(b => b.Bytes) + parts.Values.Sum();

    /// <summary>The memory of a run.</summary>
    /// <param name="size">Sizes of the prepared data.</param>
    /// <param name="model">The model; what an embedding needs is said in it.</param>
    /// <param name="settings">How it is trained.</param>
    /// <exception cref="ArgumentException">A setting is impossible; the message names it.</exception>
    public static MemoryPlan Of(DataSize size, ModelSettings model, TrainingSettings settings) => For(size, model, settings)(size);

    /// <summary>The memory of runs of one model on data of the same kind and other sizes: the probes are run once for all of them.</summary>
    internal static Func<DataSize, MemoryPlan> For(DataSize kind, ModelSettings model, TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(kind);
        // Edges that steps leave out would make every probe another one: what thinning takes is added below.
        var built = Architecture.Build(model with { DropEdge = 0 }, kind.Features, kind.Classes);
        MemoryProbe Probe(int nodes, int edges, int entries) => new(kind, built, settings, nodes, edges, entries);
        MemoryProbe[] probes = [Probe(6, 10, 12), Probe(11, 10, 12), Probe(6, 23, 12), Probe(6, 10, 31), Probe(13, 29, 43)];
        return size =>
        {
            var plan = new MemoryPlan(size, built.ParameterCount);
            plan.parts[MemoryPart.Parameters] = built.Parameters.Sum(p => p.Parameter.Value.Bytes + p.Parameter.Gradient.Bytes);
            plan.parts[MemoryPart.Optimizer] = probes[0].OptimizerBytes;
            plan.parts[MemoryPart.Best] = probes[0].BestBytes;
            foreach (var part in probes[0].Held.Keys)
            {
                var bytes = Affine.Through(probes, p => p.Held[part], part.ToString());
                plan.parts[part] = size.EachBatch.Sum(bytes.At);
            }
            if (model.DropEdge > 0) plan.parts[MemoryPart.Graph] += Graphs.EdgeThinning.Bytes(size.EachBatch.Sum(b => b.Nodes), size.EachBatch.Sum(b => b.Edges), model.DropEdge, size.Weighted);
            plan.PlaceBuffers(built, probes);
            plan.Layers = ModelSummary.Of(built, plan);
            return plan;
        };
    }

    private void PlaceBuffers(Model model, MemoryProbe[] probes)
    {
        var first = probes[0].Requests;
        if (probes.Any(p => p.Requests.Count != first.Count))
            throw new InvalidOperationException("a pass asks for other buffers on another graph: its memory cannot be planned");
        var sizes = first.Select((request, r) => Affine.Through(probes, p => p.Requests[r].Entries, $"layer {request.Owner}, {request.Name}")).ToArray();
        var named = new OrderedDictionary<(int Owner, string Name), long>();
        var constants = new OrderedDictionary<(int Owner, string Name), long>();
        var arena = new ArenaLayout();
        foreach (var batch in Size.EachBatch)
            for (int r = 0; r < first.Count; r++)
            {
                var (kind, owner, name, _) = first[r];
                long entries = sizes[r].At(batch);
                switch (kind)
                {
                    case BufferKind.Named:
                        // Batches share their buffers.
                        named[(owner, name)] = Math.Max(named.GetValueOrDefault((owner, name)), entries);
                        break;
                    case BufferKind.Constant:
                        constants[(owner, name)] = constants.GetValueOrDefault((owner, name)) + entries;
                        break;
                    case BufferKind.Temporary:
                        arena.Place(entries);
                        break;
                    case BufferKind.Release:
                        arena.Release();
                        break;
                }
            }
        Buffers = [.. named.Concat(constants).OrderBy(b => b.Key.Owner)
            .Select(b => new PlannedBuffer(b.Key.Owner, model.Layers[b.Key.Owner].GetType().Name, b.Key.Name, b.Value * Matrix.BytesPerEntry))];
        parts[MemoryPart.Temporary] = arena.Blocks.Sum() * Matrix.BytesPerEntry;
    }

    /// <summary>c + n·nodes + e·edges + z·stored entries of features.</summary>
    private readonly record struct Affine(long Fixed, long PerNode, long PerEdge, long PerEntry)
    {
        public long At((long Nodes, long Edges, long FeatureEntries) size) =>
            Fixed + PerNode * size.Nodes + PerEdge * size.Edges + PerEntry * size.FeatureEntries;

        public static Affine Through(MemoryProbe[] probes, Func<MemoryProbe, long> size, string what)
        {
            var (origin, check) = (probes[0], probes[4]);
            long Slope(MemoryProbe other) =>
                (size(other) - size(origin)) / (other.Nodes - origin.Nodes + other.Edges - origin.Edges + other.FeatureEntries - origin.FeatureEntries);
            var (n, e, z) = (Slope(probes[1]), Slope(probes[2]), Slope(probes[3]));
            var found = new Affine(size(origin) - n * origin.Nodes - e * origin.Edges - z * origin.FeatureEntries, n, e, z);
            if (found.At((check.Nodes, check.Edges, check.FeatureEntries)) != size(check))
                throw new InvalidOperationException($"the memory of {what} is no affine function of nodes, edges and features: it cannot be planned");
            return found;
        }
    }
}
