using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Weft.Kernels;

/// <summary>
/// The inner loop of every dense product: a tile of 6 rows and one or two vectors of columns, kept in registers while the
/// inner dimension runs. Every entry is one chain of multiply-adds in the order of the inner dimension, so its bits do not
/// depend on where in which tile it lies.
/// </summary>
internal static unsafe class GemmKernel
{
    /// <summary>Rows of a tile: 6 · 2 sums, 2 right vectors and 1 left one fit the 16 registers of the narrow widths.</summary>
    public const int TileRows = 6;

    /// <summary>
    /// C = A·B, or C += A·B when <paramref name="load"/>. A's entry (r, q) is <c>a[r · rowStep + q · innerStep]</c>,
    /// r &lt; <paramref name="rows"/> ≤ 6 (rows past that repeat the last); B's row q is <c>b[q · bStep …]</c>, two vectors; C has 6 rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Double<TLanes, TVector>(long inner, Real* a, int rows, long rowStep, long innerStep, Real* b, long bStep, Real* c, long cStep, bool load)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        Real* a0 = a, a1 = a + Math.Min(1, rows - 1) * rowStep, a2 = a + Math.Min(2, rows - 1) * rowStep;
        Real* a3 = a + Math.Min(3, rows - 1) * rowStep, a4 = a + Math.Min(4, rows - 1) * rowStep, a5 = a + Math.Min(5, rows - 1) * rowStep;
        int w = TLanes.Count;
        TVector c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        if (load)
        {
            (c00, c01) = (TLanes.Load(c), TLanes.Load(c + w));
            (c10, c11) = (TLanes.Load(c + cStep), TLanes.Load(c + cStep + w));
            (c20, c21) = (TLanes.Load(c + 2 * cStep), TLanes.Load(c + 2 * cStep + w));
            (c30, c31) = (TLanes.Load(c + 3 * cStep), TLanes.Load(c + 3 * cStep + w));
            (c40, c41) = (TLanes.Load(c + 4 * cStep), TLanes.Load(c + 4 * cStep + w));
            (c50, c51) = (TLanes.Load(c + 5 * cStep), TLanes.Load(c + 5 * cStep + w));
        }
        else c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = default;
        for (long q = 0; inner > 0; inner--, q += innerStep, b += bStep)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + w);
            var x = TLanes.All(a0[q]);
            c00 = TLanes.MultiplyAdd(x, b0, c00);
            c01 = TLanes.MultiplyAdd(x, b1, c01);
            x = TLanes.All(a1[q]);
            c10 = TLanes.MultiplyAdd(x, b0, c10);
            c11 = TLanes.MultiplyAdd(x, b1, c11);
            x = TLanes.All(a2[q]);
            c20 = TLanes.MultiplyAdd(x, b0, c20);
            c21 = TLanes.MultiplyAdd(x, b1, c21);
            x = TLanes.All(a3[q]);
            c30 = TLanes.MultiplyAdd(x, b0, c30);
            c31 = TLanes.MultiplyAdd(x, b1, c31);
            x = TLanes.All(a4[q]);
            c40 = TLanes.MultiplyAdd(x, b0, c40);
            c41 = TLanes.MultiplyAdd(x, b1, c41);
            x = TLanes.All(a5[q]);
            c50 = TLanes.MultiplyAdd(x, b0, c50);
            c51 = TLanes.MultiplyAdd(x, b1, c51);
        }
        TLanes.Store(c00, c);
        TLanes.Store(c01, c + w);
        c += cStep;
        TLanes.Store(c10, c);
        TLanes.Store(c11, c + w);
        c += cStep;
        TLanes.Store(c20, c);
        TLanes.Store(c21, c + w);
        c += cStep;
        TLanes.Store(c30, c);
        TLanes.Store(c31, c + w);
        c += cStep;
        TLanes.Store(c40, c);
        TLanes.Store(c41, c + w);
        c += cStep;
        TLanes.Store(c50, c);
        TLanes.Store(c51, c + w);
    }

    /// <summary>The same for one vector of columns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Single<TLanes, TVector>(long inner, Real* a, int rows, long rowStep, long innerStep, Real* b, long bStep, Real* c, long cStep, bool load)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        Real* a0 = a, a1 = a + Math.Min(1, rows - 1) * rowStep, a2 = a + Math.Min(2, rows - 1) * rowStep;
        Real* a3 = a + Math.Min(3, rows - 1) * rowStep, a4 = a + Math.Min(4, rows - 1) * rowStep, a5 = a + Math.Min(5, rows - 1) * rowStep;
        TVector c0, c1, c2, c3, c4, c5;
        if (load)
        {
            (c0, c1, c2) = (TLanes.Load(c), TLanes.Load(c + cStep), TLanes.Load(c + 2 * cStep));
            (c3, c4, c5) = (TLanes.Load(c + 3 * cStep), TLanes.Load(c + 4 * cStep), TLanes.Load(c + 5 * cStep));
        }
        else c0 = c1 = c2 = c3 = c4 = c5 = default;
        for (long q = 0; inner > 0; inner--, q += innerStep, b += bStep)
        {
            var b0 = TLanes.Load(b);
            c0 = TLanes.MultiplyAdd(TLanes.All(a0[q]), b0, c0);
            c1 = TLanes.MultiplyAdd(TLanes.All(a1[q]), b0, c1);
            c2 = TLanes.MultiplyAdd(TLanes.All(a2[q]), b0, c2);
            c3 = TLanes.MultiplyAdd(TLanes.All(a3[q]), b0, c3);
            c4 = TLanes.MultiplyAdd(TLanes.All(a4[q]), b0, c4);
            c5 = TLanes.MultiplyAdd(TLanes.All(a5[q]), b0, c5);
        }
        TLanes.Store(c0, c);
        TLanes.Store(c1, c + cStep);
        TLanes.Store(c2, c + 2 * cStep);
        TLanes.Store(c3, c + 3 * cStep);
        TLanes.Store(c4, c + 4 * cStep);
        TLanes.Store(c5, c + 5 * cStep);
    }

    /// <summary>The same for two vectors of 512 bits and one of 256.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void DoubleAndHalf(long inner, Real* a, int rows, long rowStep, long innerStep, Real* b, Real* c, long cStep, bool load)
    {
        Real* a0 = a, a1 = a + Math.Min(1, rows - 1) * rowStep, a2 = a + Math.Min(2, rows - 1) * rowStep;
        Real* a3 = a + Math.Min(3, rows - 1) * rowStep, a4 = a + Math.Min(4, rows - 1) * rowStep, a5 = a + Math.Min(5, rows - 1) * rowStep;
        int w = Vector512<Real>.Count, bStep = 2 * w + w / 2;
        Vector512<Real> c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        Vector256<Real> c02, c12, c22, c32, c42, c52;
        if (load)
        {
            (c00, c01, c02) = (Vector512.Load(c), Vector512.Load(c + w), Vector256.Load(c + 2 * w));
            (c10, c11, c12) = (Vector512.Load(c + cStep), Vector512.Load(c + cStep + w), Vector256.Load(c + cStep + 2 * w));
            (c20, c21, c22) = (Vector512.Load(c + 2 * cStep), Vector512.Load(c + 2 * cStep + w), Vector256.Load(c + 2 * cStep + 2 * w));
            (c30, c31, c32) = (Vector512.Load(c + 3 * cStep), Vector512.Load(c + 3 * cStep + w), Vector256.Load(c + 3 * cStep + 2 * w));
            (c40, c41, c42) = (Vector512.Load(c + 4 * cStep), Vector512.Load(c + 4 * cStep + w), Vector256.Load(c + 4 * cStep + 2 * w));
            (c50, c51, c52) = (Vector512.Load(c + 5 * cStep), Vector512.Load(c + 5 * cStep + w), Vector256.Load(c + 5 * cStep + 2 * w));
        }
        else
        {
            c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = default;
            c02 = c12 = c22 = c32 = c42 = c52 = default;
        }
        for (long q = 0; inner > 0; inner--, q += innerStep, b += bStep)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + w);
            var b2 = Vector256.Load(b + 2 * w);
            var x = Vector512.Create(a0[q]);
            c00 = Vector512.MultiplyAddEstimate(x, b0, c00);
            c01 = Vector512.MultiplyAddEstimate(x, b1, c01);
            c02 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c02);
            x = Vector512.Create(a1[q]);
            c10 = Vector512.MultiplyAddEstimate(x, b0, c10);
            c11 = Vector512.MultiplyAddEstimate(x, b1, c11);
            c12 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c12);
            x = Vector512.Create(a2[q]);
            c20 = Vector512.MultiplyAddEstimate(x, b0, c20);
            c21 = Vector512.MultiplyAddEstimate(x, b1, c21);
            c22 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c22);
            x = Vector512.Create(a3[q]);
            c30 = Vector512.MultiplyAddEstimate(x, b0, c30);
            c31 = Vector512.MultiplyAddEstimate(x, b1, c31);
            c32 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c32);
            x = Vector512.Create(a4[q]);
            c40 = Vector512.MultiplyAddEstimate(x, b0, c40);
            c41 = Vector512.MultiplyAddEstimate(x, b1, c41);
            c42 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c42);
            x = Vector512.Create(a5[q]);
            c50 = Vector512.MultiplyAddEstimate(x, b0, c50);
            c51 = Vector512.MultiplyAddEstimate(x, b1, c51);
            c52 = Vector256.MultiplyAddEstimate(x.GetLower(), b2, c52);
        }
        c00.Store(c);
        c01.Store(c + w);
        c02.Store(c + 2 * w);
        c += cStep;
        c10.Store(c);
        c11.Store(c + w);
        c12.Store(c + 2 * w);
        c += cStep;
        c20.Store(c);
        c21.Store(c + w);
        c22.Store(c + 2 * w);
        c += cStep;
        c30.Store(c);
        c31.Store(c + w);
        c32.Store(c + 2 * w);
        c += cStep;
        c40.Store(c);
        c41.Store(c + w);
        c42.Store(c + 2 * w);
        c += cStep;
        c50.Store(c);
        c51.Store(c + w);
        c52.Store(c + 2 * w);
    }
}
