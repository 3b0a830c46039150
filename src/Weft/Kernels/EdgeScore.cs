using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// A score of what both ends offer and what the edge adds: P = own + other + E·W. The rows other + E·W of 32 edges are formed in
/// scratch memory, and the plain score reads those; nothing of the size of all edges is.
/// </summary>
/// <param name="score">The plain score.</param>
/// <param name="E">Features of the edges by value number, [E, D_e].</param>
/// <param name="W">Their weights, [D_e, groups, width in whole vectors], zero past each group's width.</param>
/// <param name="width">Columns of a group: a head's d, or all K where a head has one number.</param>
internal readonly unsafe struct EdgeScore<TScore>(TScore score, Matrix E, Real* W, long width) : IAttentionScore
    where TScore : struct, IScoreOfSum<TScore>
{
    // Places 0 … 31: the rows of a tile are its edges.
    private static readonly int[] Places = MakePlaces();

    public Matrix Own => score.Own;

    public Matrix Other => score.Other;

    public Matrix Edges => E;

    public static bool ReadsValues => TScore.ReadsValues;

    public static bool ReadsEdges => true;

    // The rows are asked for by the caller: they are read to form the tile.
    public static bool Asks => false;

    public static bool GradientReadsOther => TScore.GradientReadsOther;

    public static long SumStep(long padded) => TScore.SumStep(padded);

    public long EdgeSums<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => E.Columns * Row<TLanes, TVector>();

    // The address of the plain score's own row, the tile, and the plain score's scratch.
    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => TLanes.Count + EdgeRows.Tile * Row<TLanes, TVector>() + score.RowScratch<TLanes, TVector>();

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        Real* own = score.Prepare<TLanes, TVector>(row, Tile<TLanes, TVector>(scratch) + EdgeRows.Tile * Row<TLanes, TVector>(), adjoint);
        Unsafe.WriteUnaligned(scratch, (nint)own);
        return scratch;
    }

    public void ReadEdges<TLanes, TVector>(Real* own, int* others, int* numbers, long first, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long padded = EdgeRows.Padded<TLanes, TVector>(width), row = Row<TLanes, TVector>(), stride = score.Other.Stride, features = E.Columns;
        Real* tile = Tile<TLanes, TVector>(own), other = score.Other.Data;
        for (int t = 0; t < count; t += EdgeRows.Abreast)
        {
            // Places past the last edge receive a copy of it.
            int last = count - 1, t1 = Math.Min(t + 1, last), t2 = Math.Min(t + 2, last), t3 = Math.Min(t + 3, last);
            Real* x0 = other + others[t] * stride, x1 = other + others[t1] * stride, x2 = other + others[t2] * stride, x3 = other + others[t3] * stride;
            Real* e0 = Features(numbers, first, t), e1 = Features(numbers, first, t1), e2 = Features(numbers, first, t2), e3 = Features(numbers, first, t3);
            Real* y = tile + t * row;
            for (long g = 0; g < score.Heads; g++)
                for (long j = 0; j < width; j += TLanes.Count)
                {
                    long x = g * width + j, at = g * padded + j;
                    TVector y0 = TLanes.Load(x0 + x), y1 = TLanes.Load(x1 + x), y2 = TLanes.Load(x2 + x), y3 = TLanes.Load(x3 + x);
                    Real* w = W + at;
                    for (long c = 0; c < features; c++, w += row)
                    {
                        var v = TLanes.Load(w);
                        y0 = TLanes.MultiplyAdd(TLanes.All(e0[c]), v, y0);
                        y1 = TLanes.MultiplyAdd(TLanes.All(e1[c]), v, y1);
                        y2 = TLanes.MultiplyAdd(TLanes.All(e2[c]), v, y2);
                        y3 = TLanes.MultiplyAdd(TLanes.All(e3[c]), v, y3);
                    }
                    TLanes.Store(y0, y + at);
                    TLanes.Store(y1, y + row + at);
                    TLanes.Store(y2, y + 2 * row + at);
                    TLanes.Store(y3, y + 3 * row + at);
                }
        }
    }

    public void Logits<TLanes, TVector>(Real* own, int* others, int count, int reach, in TileNumbers L, in TileNumbers slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        OverTile<TLanes, TVector>(own).Logits<TLanes, TVector>(PlainOwn(own), Place, count, reach: -1, L, slope);

    public void ThroughSlope<TLanes, TVector>(int count, in TileNumbers slope, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => score.ThroughSlope<TLanes, TVector>(count, slope, dL);

    public void AddGradient<TLanes, TVector>(Real* own, int* others, int count, int reach, in TileNumbers dL, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        OverTile<TLanes, TVector>(own).AddGradient<TLanes, TVector>(PlainOwn(own), Place, count, reach: -1, dL, sum);

    public void AddGradients<TLanes, TVector>(Real* own, int* numbers, long first, int count, in TileNumbers dL, Real* sum, Real* edgeSums)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long row = Row<TLanes, TVector>(), features = E.Columns;
        Real* G = Tile<TLanes, TVector>(own);
        score.Slopes<TLanes, TVector>(PlainOwn(own), G, row, count, dL);
        for (long j = 0; j < row; j += TLanes.Count)
        {
            var s = TLanes.Load(sum + j);
            for (int t = 0; t < count; t++) s = TLanes.Add(s, TLanes.Load(G + t * row + j));
            TLanes.Store(s, sum + j);                                          // Σ_own += Σ_e G_e
        }
        long c = 0;
        for (; c <= features - 4; c += 4)
            for (long j = 0; j < row; j += TLanes.Count)
            {
                Real* to = edgeSums + c * row + j;
                TVector s0 = TLanes.Load(to), s1 = TLanes.Load(to + row), s2 = TLanes.Load(to + 2 * row), s3 = TLanes.Load(to + 3 * row);
                for (int t = 0; t < count; t++)
                {
                    Real* e = Features(numbers, first, t) + c;
                    var g = TLanes.Load(G + t * row + j);
                    s0 = TLanes.MultiplyAdd(TLanes.All(e[0]), g, s0);
                    s1 = TLanes.MultiplyAdd(TLanes.All(e[1]), g, s1);
                    s2 = TLanes.MultiplyAdd(TLanes.All(e[2]), g, s2);
                    s3 = TLanes.MultiplyAdd(TLanes.All(e[3]), g, s3);
                }
                TLanes.Store(s0, to);
                TLanes.Store(s1, to + row);
                TLanes.Store(s2, to + 2 * row);
                TLanes.Store(s3, to + 3 * row);                                // dW += Eᵀ·G
            }
        for (; c < features; c++)
            for (long j = 0; j < row; j += TLanes.Count)
            {
                Real* to = edgeSums + c * row + j;
                var s = TLanes.Load(to);
                for (int t = 0; t < count; t++) s = TLanes.MultiplyAdd(TLanes.All(Features(numbers, first, t)[c]), TLanes.Load(G + t * row + j), s);
                TLanes.Store(s, to);
            }
    }

    public void Finish<TLanes, TVector>(Real* own, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => score.Finish<TLanes, TVector>(PlainOwn(own), sum, da);

    /// <summary>The weights of edge features as a kernel reads them: each group padded with zeros to whole vectors of the width that the kernel chooses for heads of d columns.</summary>
    /// <param name="weights">[D_e, groups · width]</param>
    /// <param name="groups">Groups of columns.</param>
    /// <param name="d">Columns of a head.</param>
    public static Real* Padded(Matrix weights, long groups, long d)
    {
        long width = weights.Columns / groups, padded = FusedAttention.Padded(d, width);
        Real* all = Scratch.Take(ScratchUse.AttentionEdges, weights.Rows * groups * padded), to = all;
        for (long c = 0; c < weights.Rows; c++)
            for (long g = 0; g < groups; g++)
                for (long j = 0; j < padded; j++) *to++ = j < width ? weights.Data[c * weights.Stride + g * width + j] : 0;
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Real* Features(int* numbers, long first, int t) => E.Data + (numbers == null ? first + t : numbers[t]) * E.Stride;

    private static int* Place => (int*)Marshal.UnsafeAddrOfPinnedArrayElement(Places, 0);

    private static Real* PlainOwn(Real* own) => (Real*)Unsafe.ReadUnaligned<nint>(own);

    private static Real* Tile<TLanes, TVector>(Real* own)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => own + TLanes.Count;

    private long Row<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => score.Heads * EdgeRows.Padded<TLanes, TVector>(width);

    // With several heads a tile's head has its padding for columns; one group of columns ends where it ends.
    private TScore OverTile<TLanes, TVector>(Real* own)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long row = Row<TLanes, TVector>();
        return score.Over(new Matrix(Tile<TLanes, TVector>(own), EdgeRows.Tile, score.Heads == 1 ? width : row, row, null));
    }

    private static int[] MakePlaces()
    {
        int[] places = GC.AllocateUninitializedArray<int>(EdgeRows.Tile, pinned: true);
        for (int t = 0; t < places.Length; t++) places[t] = t;
        return places;
    }
}
