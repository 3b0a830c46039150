namespace Weft.Distributed;

/// <summary>
/// Edges of a block in the order in which they came, kept in pieces: nothing is copied to make room for more, and a piece that
/// has been read is given back.
/// </summary>
/// <param name="weighted">True to keep a weight of each edge.</param>
internal sealed class EdgeBuffer(bool weighted)
{
    private const int Smallest = 1 << 10, Largest = 1 << 20;

    private readonly List<Piece?> pieces = [];
    private Piece? last;
    private int filled;

    /// <summary>Edges so far.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes of the pieces that have not been given back.</summary>
    public long Bytes => pieces.Sum(piece => piece is null ? 0L : piece.Row.LongLength * (3 * sizeof(int) + (weighted ? Memory.Matrix.BytesPerEntry : 0)));

    /// <summary>Number of pieces.</summary>
    public int Pieces => pieces.Count;

    public void Add(int row, int column, int id, Real weight)
    {
        if (last is null || filled == last.Row.Length)
        {
            pieces.Add(last = new Piece(last is null ? Smallest : Math.Min(Largest, 2 * last.Row.Length), weighted));
            filled = 0;
        }
        (last.Row[filled], last.Column[filled], last.Id[filled]) = (row, column, id);
        if (weighted) last.Weight[filled] = weight;
        filled++;
        Count++;
    }

    /// <summary>A piece, and how many edges it holds.</summary>
    public (Piece Piece, int Count) Read(int number) => (pieces[number]!, pieces[number] == last ? filled : pieces[number]!.Row.Length);

    /// <summary>All edges in one array each; the pieces are given back.</summary>
    public (int[] Row, int[] Column, int[] Id, Real[] Weight) ToArrays()
    {
        var all = new Piece(checked((int)Count), weighted);
        for (int number = 0, at = 0; number < Pieces; number++)
        {
            var (piece, count) = Read(number);
            piece.Row.AsSpan(0, count).CopyTo(all.Row.AsSpan(at));
            piece.Column.AsSpan(0, count).CopyTo(all.Column.AsSpan(at));
            piece.Id.AsSpan(0, count).CopyTo(all.Id.AsSpan(at));
            if (weighted) piece.Weight.AsSpan(0, count).CopyTo(all.Weight.AsSpan(at));
            at += count;
            Release(number);
        }
        return (all.Row, all.Column, all.Id, all.Weight);
    }

    /// <summary>Gives a piece back: it has been read for the last time.</summary>
    public void Release(int number) => pieces[number] = null;

    /// <summary>Some edges, one after another.</summary>
    internal sealed class Piece(int size, bool weighted)
    {
        public readonly int[] Row = GC.AllocateUninitializedArray<int>(size);
        public readonly int[] Column = GC.AllocateUninitializedArray<int>(size);
        public readonly int[] Id = GC.AllocateUninitializedArray<int>(size);
        public readonly Real[] Weight = weighted ? GC.AllocateUninitializedArray<Real>(size) : [];
    }
}
