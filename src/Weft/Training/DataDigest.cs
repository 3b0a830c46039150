using System.Runtime.InteropServices;
using Weft.Communication;
using Weft.Datasets;

namespace Weft.Training;

/// <summary>
/// A digest of a data set that is a sum over its nodes and edges, each known by its number, so that it does not matter in which
/// order they lie or which process adds them. It tells data apart that differ by accident; it is no seal against forgery.
/// </summary>
internal sealed class DataDigest
{
    private const int Lanes = 4;
    private readonly ulong[] sum = new ulong[Lanes];

    private enum Item : ulong
    {
        Sizes = 1,
        Edge,
        Node,
        Graph,
    }

    /// <summary>What there is of everything; added once.</summary>
    public void AddSizes(long nodes, long edges, long inputs, long outputs, int batches)
    {
        var item = new Words(Item.Sizes);
        foreach (long size in new[] { nodes, edges, inputs, outputs, batches }) item.Add((ulong)size);
        item.AddTo(sum);
    }

    /// <summary>An edge by its number and those of its ends.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="source">Number of its source.</param>
    /// <param name="destination">Number of its destination.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="features">Its features, if it has some.</param>
    public void AddEdge(int id, int source, int destination, Real weight, ReadOnlySpan<Real> features = default)
    {
        var item = new Words(Item.Edge);
        item.Add((uint)id);
        item.Add((ulong)(uint)source << 32 | (uint)destination);
        item.Add(BitConverter.DoubleToUInt64Bits(weight));
        item.Add(features);
        item.AddTo(sum);
    }

    /// <summary>A node by its number, with what row <paramref name="row"/> of a set and of a split of nodes, if it is of nodes, says of it.</summary>
    public void AddNode(int number, int row, Dataset set, Split? split)
    {
        var item = new Words(Item.Node);
        item.Add((uint)number);
        if (split is not null) AddWanted(ref item, row, set, split);
        if (set.Features.Sparse is { } sparse)
        {
            foreach (int column in sparse.IndicesOfRow(row)) item.Add((uint)column);
            item.Add(sparse.ValuesOfRow(row));
        }
        else
        {
            item.Add(set.Features.Dense.Row(row));
        }
        item.AddTo(sum);
        set.Features.Dense.KeepAlive();
    }

    /// <summary>A graph by its number and its first node, with what its row of a set of graphs and of a split of them says of it.</summary>
    public void AddGraph(int number, int firstNode, Dataset rows, Split split)
    {
        var item = new Words(Item.Graph);
        item.Add((ulong)(uint)number << 32 | (uint)firstNode);
        AddWanted(ref item, number, rows, split);
        item.AddTo(sum);
    }

    private static void AddWanted(ref Words item, int row, Dataset set, Split split)
    {
        item.Add((split.Train[row] ? 1ul : 0) | (split.Validation[row] ? 2ul : 0) | (split.Test[row] ? 4ul : 0));
        if (set.Labels is not null) item.Add((uint)set.Labels[row]);
        if (!set.Targets.IsMissing) item.Add(set.Targets.Row(row));
        set.Targets.KeepAlive();
    }

    /// <summary>Adds what the other processes have added.</summary>
    public void SumOver(ICommunicator world) => world.AllReduce(MemoryMarshal.Cast<ulong, long>(sum.AsSpan()), Reduction.Sum);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => string.Concat(sum.Select(lane => lane.ToString("x16", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A chain of words, mixed in four lanes (the finaliser of SplitMix64 over different increments).</summary>
    private struct Words
    {
        private ulong a, b, c, d;

        public Words(Item kind)
        {
            (a, b, c, d) = (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89);
            Add((ulong)kind);
        }

        public void Add(ulong word) => (a, b, c, d) = (Mix(a ^ word), Mix(b + word), Mix(c ^ ~word), Mix(d - word));

        public void Add(ReadOnlySpan<Real> values)
        {
            foreach (Real value in values) Add(BitConverter.DoubleToUInt64Bits(value));
        }

        public readonly void AddTo(ulong[] sum)
        {
            unchecked
            {
                sum[0] += a;
                sum[1] += b;
                sum[2] += c;
                sum[3] += d;
            }
        }

        private static ulong Mix(ulong z)
        {
            z += 0x9E3779B97F4A7C15;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
            z = (z ^ z >> 27) * 0x94D049BB133111EB;
            return z ^ z >> 31;
        }
    }
}
