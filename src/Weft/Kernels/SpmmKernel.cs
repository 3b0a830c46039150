using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Weft.Kernels;

/// <summary>Some rows of a sparse product: their edges, and where the rows of both matrices lie.</summary>
internal unsafe struct SpmmRows
{
    /// <summary>Row i's edges are Pointers[i] … Pointers[i + 1] − 1.</summary>
    public long* Pointers;
    public int* Index, Permutation;
    public Real* W, X, Z;
    public long WStride, XStride, ZStride, Rows, LastEdge;
    /// <summary>True to start from what Z holds.</summary>
    public bool Load;

    /// <summary>The same rows from column j on.</summary>
    public readonly SpmmRows From(long j) => this with { X = X + j, Z = Z + j };
}

/// <summary>The weight of the edge at a place.</summary>
internal unsafe interface IEdgeWeight
{
    static abstract Real Of(Real* w, long stride, int* permutation, long edge);
}

/// <summary>Every weight is 1.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct NoWeight : IEdgeWeight
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Of(Real* w, long stride, int* permutation, long edge) => 1;
}

/// <summary>Weights side by side, in the order of the edges.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct WeightInOrder : IEdgeWeight
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Of(Real* w, long stride, int* permutation, long edge) => w[edge];
}

/// <summary>Weights by value number.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "a type argument")]
internal readonly unsafe struct WeightByNumber : IEdgeWeight
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Of(Real* w, long stride, int* permutation, long edge) => w[(permutation == null ? edge : permutation[edge]) * stride];
}

/// <summary>
/// The inner loops of the sparse product: one, two, three, four, six or eight vectors of a row (twelve or sixteen:
/// <see cref="SpmmWideKernel"/>) stay in registers while all its edges pass by, and the rows of edges further on are asked for. The last vectors of a row may overlap and then compute some
/// entries twice, to the same bits, so no width needs a loop over single entries.
/// </summary>
internal static unsafe class SpmmKernel
{
    /// <summary>Edges that a row is asked for ahead of its turn, into the second cache: into the first it would push out what is at work.</summary>
    public const int Ahead = 32;

    /// <summary>All columns of some rows.</summary>
    public static void Run<TWeight>(in SpmmRows rows, long columns)
        where TWeight : struct, IEdgeWeight
    {
        if (Vector512.IsHardwareAccelerated && columns >= Vector512<Real>.Count) Blocks<Lanes512, Vector512<Real>, TWeight>(rows, columns);
        else if (Vector256.IsHardwareAccelerated && columns >= Vector256<Real>.Count) Blocks<Lanes256, Vector256<Real>, TWeight>(rows, columns);
        else if (columns >= Vector128<Real>.Count) Blocks<Lanes128, Vector128<Real>, TWeight>(rows, columns);
        else One<Lanes128, Vector128<Real>, TWeight>(rows, columns);
    }

    private static void Blocks<TLanes, TVector, TWeight>(in SpmmRows rows, long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count, most = HasManyRegisters<TLanes, TVector>() ? 16 : 8;
        long vectors = (columns + w - 1) / w, blocks = (vectors + most - 1) / most, at = 0;
        for (long k = 0; k < blocks; k++)
        {
            // Overlapping happens within a block only: where the product is added to Z, every entry must be loaded before it is stored.
            long count = vectors / blocks + (k < vectors % blocks ? 1 : 0);
            var part = rows.From(at * w);
            long end = Math.Min(count * w, columns - at * w) - w;
            at += count;
            if (count == 1) One<TLanes, TVector, TWeight>(part, w);
            else if (count == 2) Two<TLanes, TVector, TWeight>(part, end);
            else if (count == 3) Three<TLanes, TVector, TWeight>(part, end);
            else if (count == 4) Four<TLanes, TVector, TWeight>(part, end);
            else if (count <= 6) Six<TLanes, TVector, TWeight>(part, end);
            else if (count <= 8) Eight<TLanes, TVector, TWeight>(part, end);
            else if (count <= 12) SpmmWideKernel.Twelve<TLanes, TVector, TWeight>(part, end);
            else SpmmWideKernel.Sixteen<TLanes, TVector, TWeight>(part, end);
        }
    }

    // Vectors of 512 bits come with 32 registers; the others have 16 on most processors.
    private static bool HasManyRegisters<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Count == Vector512<Real>.Count;

    /// <summary>One vector a row, of which the first columns count; reads what follows them.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void One<TLanes, TVector, TWeight>(SpmmRows rows, long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default;
            if (load)
                a0 = TLanes.Load(z);
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 1);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
            }
            if (columns >= TLanes.Count) TLanes.Store(a0, z);
            else StorePart<TLanes, TVector>(a0, z, columns);
        }
    }

    /// <summary>Two vectors a row, the second at column <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Two<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 2);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a1);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + end);
        }
    }

    /// <summary>Three vectors a row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Three<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 3);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a2);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + end);
        }
    }

    /// <summary>Four vectors a row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Four<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + 2 * w);
                a3 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 4);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + 2 * w), a2);
                a3 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a3);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + 2 * w);
            TLanes.Store(a3, z + end);
        }
    }

    /// <summary>Five or six vectors a row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Six<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long near = Math.Min(4 * w, end);
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + 2 * w);
                a3 = TLanes.Load(z + 3 * w);
                a4 = TLanes.Load(z + near);
                a5 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 6);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + 2 * w), a2);
                a3 = TLanes.MultiplyAdd(s, TLanes.Load(x + 3 * w), a3);
                a4 = TLanes.MultiplyAdd(s, TLanes.Load(x + near), a4);
                a5 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a5);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + 2 * w);
            TLanes.Store(a3, z + 3 * w);
            TLanes.Store(a4, z + near);
            TLanes.Store(a5, z + end);
        }
    }

    /// <summary>Seven or eight vectors a row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Eight<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long near = Math.Min(6 * w, end);
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + 2 * w);
                a3 = TLanes.Load(z + 3 * w);
                a4 = TLanes.Load(z + 4 * w);
                a5 = TLanes.Load(z + 5 * w);
                a6 = TLanes.Load(z + near);
                a7 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Ask<TLanes, TVector>(X + index[Math.Min(e + Ahead, lastEdge)] * stride, 8);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + 2 * w), a2);
                a3 = TLanes.MultiplyAdd(s, TLanes.Load(x + 3 * w), a3);
                a4 = TLanes.MultiplyAdd(s, TLanes.Load(x + 4 * w), a4);
                a5 = TLanes.MultiplyAdd(s, TLanes.Load(x + 5 * w), a5);
                a6 = TLanes.MultiplyAdd(s, TLanes.Load(x + near), a6);
                a7 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a7);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + 2 * w);
            TLanes.Store(a3, z + 3 * w);
            TLanes.Store(a4, z + 4 * w);
            TLanes.Store(a5, z + 5 * w);
            TLanes.Store(a6, z + near);
            TLanes.Store(a7, z + end);
        }
    }

    // A method of its own: a vector whose address is taken would leave its register in the loop over edges.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<TLanes, TVector>(TVector sums, Real* z, long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (long j = 0; j < columns; j++) z[j] = ((Real*)&sums)[j];
    }

    /// <summary>Asks for some vectors' worth of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask<TLanes, TVector>(Real* x, int vectors)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (!Sse.IsSupported) return;
        int bytes = vectors * TLanes.Count * sizeof(Real);
        Sse.Prefetch1(x);
        if (bytes > 64) Sse.Prefetch1((byte*)x + 64);
        if (bytes > 128) Sse.Prefetch1((byte*)x + 128);
        if (bytes > 192) Sse.Prefetch1((byte*)x + 192);
        if (bytes > 256) Sse.Prefetch1((byte*)x + 256);
        if (bytes > 320) Sse.Prefetch1((byte*)x + 320);
        if (bytes > 384) Sse.Prefetch1((byte*)x + 384);
        if (bytes > 448) Sse.Prefetch1((byte*)x + 448);
    }
}
