using System.Globalization;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Measurement;

/// <summary>The limits: of the machine as a whole, and of it at the sizes of a kernel.</summary>
internal static class LimitWorks
{
    public const string StreamTriad = "stream triad", Read = "read", MultiplyAdd = "fma", RowGather = "gather", SameSizeTriad = "triad";

    /// <summary>Edges by which other forms of the gather ask for rows before they read them.</summary>
    private static readonly int[] Ahead = [4, 12, 32];

    /// <summary>Memory that caches do not hold, streamed.</summary>
    public static IReadOnlyList<Work> Streams(long bytes)
    {
        long entries = bytes / Matrix.BytesPerEntry;
        Lazy<Matrix> a = Operands.Zero(1, entries), b = Operands.Zero(1, entries), c = Operands.Zero(1, entries);
        string shape = string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MB");
        return
        [
            new(StreamTriad, "3×" + shape, () => MachineLimits.Triad(a.Value, b.Value, c.Value, pastCaches: true))
            {
                OtherForms = [() => MachineLimits.Triad(a.Value, b.Value, c.Value, pastCaches: false)],
                Bytes = 3 * bytes,
                LimitOf = Amount.Bytes,
            },
            new(Read, shape, () => MachineLimits.Read(b.Value)) { Bytes = bytes, LimitOf = Amount.Bytes },
        ];
    }

    /// <summary>Multiply-adds in registers.</summary>
    public static Work Products() => new(MultiplyAdd, "registers", () => MachineLimits.MultiplyAdd())
    {
        Operations = 2 * MachineLimits.ProductsOfMultiplyAdd,
        LimitOf = Amount.Operations,
    };

    /// <summary>a = b + 3·c on three arrays of a kernel's size, through the caches that the kernel has too.</summary>
    public static Work Triad(long rows, long columns, string shape)
    {
        Lazy<Matrix> a = Operands.Zero(rows, columns), b = Operands.Zero(rows, columns), c = Operands.Zero(rows, columns);
        return new Work(SameSizeTriad, shape, () => MachineLimits.Triad(a.Value, b.Value, c.Value, pastCaches: false))
        {
            OtherForms = [() => MachineLimits.Triad(a.Value, b.Value, c.Value, pastCaches: true)],
            Bytes = 3.0 * rows * columns * Matrix.BytesPerEntry,
            LimitOf = Amount.Bytes,
        };
    }

    /// <summary>Rows of X in the order of the edges.</summary>
    public static Work Gather(Graph graph, Lazy<Matrix> X, long features) =>
        new(RowGather, $"F {features}", () => MachineLimits.Gather(graph.ByDestination, X.Value, ahead: 0))
        {
            OtherForms = [.. Ahead.Select(ahead => (Action)(() => MachineLimits.Gather(graph.ByDestination, X.Value, ahead)))],
            Bytes = (double)graph.Edges * (features * Matrix.BytesPerEntry + sizeof(int)),
            Edges = graph.Edges,
            GatheredRows = graph.Edges,
            LimitOf = Amount.GatheredRows,
        };
}
