using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Weft.Kernels;

/// <summary>Sums over one row's entries; a leaf adds its part to what is there.</summary>
internal unsafe interface ILeafSum
{
    void AddTo(Real* sum, long first, long last);
}

/// <summary>The few operations on one row that the sparse kernels are made of.</summary>
internal static unsafe class RowVector
{
    /// <summary>Longest run of edges that is added up one after another; longer rows are cut here and combined in a tree.</summary>
    public const long LongestRun = 4096;

    /// <summary>Rows of a leaf where a sum runs over nodes.</summary>
    public const long RowsPerLeaf = 256;

    [ThreadStatic]
    private static Memory.AlignedMemory? partials;
    [ThreadStatic]
    private static long partialCapacity;

    /// <summary>y += a · x</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Real a, Real* x, Real* y, long count)
    {
        long j = 0;
        if (count >= Vector512<Real>.Count)
        {
            var wide = Vector512.Create(a);
            for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
                Vector512.FusedMultiplyAdd(wide, Vector512.Load(x + j), Vector512.Load(y + j)).Store(y + j);
        }
        if (j <= count - Vector256<Real>.Count)
        {
            Vector256.FusedMultiplyAdd(Vector256.Create(a), Vector256.Load(x + j), Vector256.Load(y + j)).Store(y + j);
            j += Vector256<Real>.Count;
        }
        for (; j < count; j++) y[j] = Real.FusedMultiplyAdd(a, x[j], y[j]);
    }

    /// <summary>y += x</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Real* x, Real* y, long count)
    {
        long j = 0;
        for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
            (Vector512.Load(x + j) + Vector512.Load(y + j)).Store(y + j);
        for (; j < count; j++) y[j] += x[j];
    }

    /// <summary>z = x + y</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sum(Real* x, Real* y, Real* z, long count)
    {
        long j = 0;
        for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
            (Vector512.Load(x + j) + Vector512.Load(y + j)).Store(z + j);
        for (; j < count; j++) z[j] = x[j] + y[j];
    }

    /// <summary>⟨x, y⟩</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real Dot(Real* x, Real* y, long count)
    {
        long j = 0;
        Real sum = 0;
        if (count >= Vector512<Real>.Count)
        {
            var wide = Vector512<Real>.Zero;
            for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
                wide = Vector512.FusedMultiplyAdd(Vector512.Load(x + j), Vector512.Load(y + j), wide);
            sum = Vector512.Sum(wide);
        }
        if (j <= count - Vector256<Real>.Count)
        {
            sum += Vector256.Sum(Vector256.Load(x + j) * Vector256.Load(y + j));
            j += Vector256<Real>.Count;
        }
        for (; j < count; j++) sum = Real.FusedMultiplyAdd(x[j], y[j], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(Real* x, long count) => new Span<Real>(x, (int)count).Clear();

    /// <summary>
    /// sum += Σ over first … last − 1, cut every <paramref name="run"/> entries and combined in a dyadic tree, so that a hub's
    /// sum is as exact as a short row's and does not depend on who computes which part.
    /// </summary>
    public static void AddInTree<TLeaf>(ref TLeaf leaf, long first, long last, Real* sum, long width, long run = LongestRun)
        where TLeaf : struct, ILeafSum
    {
        long count = last - first;
        if (count <= run)
        {
            leaf.AddTo(sum, first, last);
            return;
        }
        int depth = 2 + (int)long.Log2((count + run - 1) / run);
        Real* scratch = Partials(depth * width);
        Clear(scratch, width);
        Tree(ref leaf, first, last, scratch, width, run);
        Add(scratch, sum, width);
    }

    private static void Tree<TLeaf>(ref TLeaf leaf, long first, long last, Real* sum, long width, long run)
        where TLeaf : struct, ILeafSum
    {
        long leaves = (last - first + run - 1) / run;
        if (leaves == 1)
        {
            leaf.AddTo(sum, first, last);
            return;
        }
        long left = 1L << (int)long.Log2(leaves - 1);
        long middle = first + left * run;
        Tree(ref leaf, first, middle, sum, width, run);
        Real* right = sum + width;
        Clear(right, width);
        Tree(ref leaf, middle, last, right, width, run);
        Add(right, sum, width);
    }

    private static Real* Partials(long count)
    {
        if (partials is null || partialCapacity < count)
        {
            partials = new Memory.AlignedMemory(count);
            partialCapacity = count;
        }
        return partials.Data;
    }
}
