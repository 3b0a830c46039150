using System.Runtime.CompilerServices;

namespace Weft.Kernels;

/// <summary>
/// The inner loops of <see cref="SpmmKernel"/> for processors with 32 vector registers: up to sixteen vectors of a row at once, so that
/// a row of 256 numbers is fetched from memory in one go and not in two halves, one long after the other.
/// </summary>
internal static unsafe class SpmmWideKernel
{
    /// <summary>Nine to twelve vectors a row, the last four at columns that may overlap.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Twelve<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long near = Math.Min(8 * w, end), nearer = Math.Min(9 * w, end), nearest = Math.Min(10 * w, end);
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            TVector a8 = default, a9 = default, a10 = default, a11 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + 2 * w);
                a3 = TLanes.Load(z + 3 * w);
                a4 = TLanes.Load(z + 4 * w);
                a5 = TLanes.Load(z + 5 * w);
                a6 = TLanes.Load(z + 6 * w);
                a7 = TLanes.Load(z + 7 * w);
                a8 = TLanes.Load(z + near);
                a9 = TLanes.Load(z + nearer);
                a10 = TLanes.Load(z + nearest);
                a11 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Real* next = X + index[Math.Min(e + SpmmKernel.Ahead, lastEdge)] * stride;
                SpmmKernel.Ask<TLanes, TVector>(next, 8);
                SpmmKernel.Ask<TLanes, TVector>(next + 8 * w, 4);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + 2 * w), a2);
                a3 = TLanes.MultiplyAdd(s, TLanes.Load(x + 3 * w), a3);
                a4 = TLanes.MultiplyAdd(s, TLanes.Load(x + 4 * w), a4);
                a5 = TLanes.MultiplyAdd(s, TLanes.Load(x + 5 * w), a5);
                a6 = TLanes.MultiplyAdd(s, TLanes.Load(x + 6 * w), a6);
                a7 = TLanes.MultiplyAdd(s, TLanes.Load(x + 7 * w), a7);
                a8 = TLanes.MultiplyAdd(s, TLanes.Load(x + near), a8);
                a9 = TLanes.MultiplyAdd(s, TLanes.Load(x + nearer), a9);
                a10 = TLanes.MultiplyAdd(s, TLanes.Load(x + nearest), a10);
                a11 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a11);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + 2 * w);
            TLanes.Store(a3, z + 3 * w);
            TLanes.Store(a4, z + 4 * w);
            TLanes.Store(a5, z + 5 * w);
            TLanes.Store(a6, z + 6 * w);
            TLanes.Store(a7, z + 7 * w);
            TLanes.Store(a8, z + near);
            TLanes.Store(a9, z + nearer);
            TLanes.Store(a10, z + nearest);
            TLanes.Store(a11, z + end);
        }
    }

    /// <summary>Thirteen to sixteen vectors a row.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Sixteen<TLanes, TVector, TWeight>(SpmmRows rows, long end)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TWeight : struct, IEdgeWeight
    {
        int w = TLanes.Count;
        long near = Math.Min(12 * w, end), nearer = Math.Min(13 * w, end), nearest = Math.Min(14 * w, end);
        long* pointers = rows.Pointers;
        int* index = rows.Index, permutation = rows.Permutation;
        Real* X = rows.X, W = rows.W, z = rows.Z;
        long stride = rows.XStride, weightStride = rows.WStride, zStride = rows.ZStride, lastEdge = rows.LastEdge;
        bool load = rows.Load;
        for (long i = 0, count = rows.Rows; i < count; i++, z += zStride)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            TVector a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default, a14 = default, a15 = default;
            if (load)
            {
                a0 = TLanes.Load(z);
                a1 = TLanes.Load(z + w);
                a2 = TLanes.Load(z + 2 * w);
                a3 = TLanes.Load(z + 3 * w);
                a4 = TLanes.Load(z + 4 * w);
                a5 = TLanes.Load(z + 5 * w);
                a6 = TLanes.Load(z + 6 * w);
                a7 = TLanes.Load(z + 7 * w);
                a8 = TLanes.Load(z + 8 * w);
                a9 = TLanes.Load(z + 9 * w);
                a10 = TLanes.Load(z + 10 * w);
                a11 = TLanes.Load(z + 11 * w);
                a12 = TLanes.Load(z + near);
                a13 = TLanes.Load(z + nearer);
                a14 = TLanes.Load(z + nearest);
                a15 = TLanes.Load(z + end);
            }
            for (long e = pointers[i], last = pointers[i + 1]; e < last; e++)
            {
                Real* next = X + index[Math.Min(e + SpmmKernel.Ahead, lastEdge)] * stride;
                SpmmKernel.Ask<TLanes, TVector>(next, 8);
                SpmmKernel.Ask<TLanes, TVector>(next + 8 * w, 8);
                Real* x = X + index[e] * stride;
                var s = TLanes.All(TWeight.Of(W, weightStride, permutation, e));
                a0 = TLanes.MultiplyAdd(s, TLanes.Load(x), a0);
                a1 = TLanes.MultiplyAdd(s, TLanes.Load(x + w), a1);
                a2 = TLanes.MultiplyAdd(s, TLanes.Load(x + 2 * w), a2);
                a3 = TLanes.MultiplyAdd(s, TLanes.Load(x + 3 * w), a3);
                a4 = TLanes.MultiplyAdd(s, TLanes.Load(x + 4 * w), a4);
                a5 = TLanes.MultiplyAdd(s, TLanes.Load(x + 5 * w), a5);
                a6 = TLanes.MultiplyAdd(s, TLanes.Load(x + 6 * w), a6);
                a7 = TLanes.MultiplyAdd(s, TLanes.Load(x + 7 * w), a7);
                a8 = TLanes.MultiplyAdd(s, TLanes.Load(x + 8 * w), a8);
                a9 = TLanes.MultiplyAdd(s, TLanes.Load(x + 9 * w), a9);
                a10 = TLanes.MultiplyAdd(s, TLanes.Load(x + 10 * w), a10);
                a11 = TLanes.MultiplyAdd(s, TLanes.Load(x + 11 * w), a11);
                a12 = TLanes.MultiplyAdd(s, TLanes.Load(x + near), a12);
                a13 = TLanes.MultiplyAdd(s, TLanes.Load(x + nearer), a13);
                a14 = TLanes.MultiplyAdd(s, TLanes.Load(x + nearest), a14);
                a15 = TLanes.MultiplyAdd(s, TLanes.Load(x + end), a15);
            }
            TLanes.Store(a0, z);
            TLanes.Store(a1, z + w);
            TLanes.Store(a2, z + 2 * w);
            TLanes.Store(a3, z + 3 * w);
            TLanes.Store(a4, z + 4 * w);
            TLanes.Store(a5, z + 5 * w);
            TLanes.Store(a6, z + 6 * w);
            TLanes.Store(a7, z + 7 * w);
            TLanes.Store(a8, z + 8 * w);
            TLanes.Store(a9, z + 9 * w);
            TLanes.Store(a10, z + 10 * w);
            TLanes.Store(a11, z + 11 * w);
            TLanes.Store(a12, z + near);
            TLanes.Store(a13, z + nearer);
            TLanes.Store(a14, z + nearest);
            TLanes.Store(a15, z + end);
        }
    }
}
