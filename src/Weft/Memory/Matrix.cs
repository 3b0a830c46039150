using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weft.Memory;

/// <summary>
/// A dense row-major matrix, [Rows, Columns], in 64-byte aligned native memory.
/// A matrix is a view: copying the value copies no numbers. The memory lives as long as a view of it does.
/// </summary>
/// <remarks>
/// Entry (i, j) lies at <c>Data[i · Stride + j]</c>; <see cref="Stride"/> exceeds <see cref="Columns"/> only in a view of some columns.
/// The default value is the matrix of no rows.
/// </remarks>
public readonly unsafe struct Matrix : IEquatable<Matrix>
{
    /// <summary>Bytes of one entry: 4 in the single-precision library, 8 in the double-precision one.</summary>
    public const int BytesPerEntry = sizeof(Real);

    internal readonly Real* Data;
    private readonly object? owner;

    internal Matrix(Real* data, long rows, long columns, long stride, object? owner)
    {
        Data = data;
        Rows = rows;
        Columns = columns;
        Stride = stride;
        this.owner = owner;
    }

    /// <summary>Number of rows.</summary>
    public long Rows { get; }

    /// <summary>Number of columns.</summary>
    public long Columns { get; }

    /// <summary>Entries from the start of a row to the start of the next.</summary>
    public long Stride { get; }

    /// <summary>Rows · Columns.</summary>
    public long Count => Rows * Columns;

    internal long Bytes => Count * BytesPerEntry;

    /// <summary>True for the default value: no matrix at all, as opposed to one with no rows.</summary>
    public bool IsMissing => Data == null;

    internal bool IsContiguous => Stride == Columns || Rows <= 1;

    /// <summary>A new matrix of zeros, [rows, columns].</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no memory left for it; the message says how many bytes were asked for.</exception>
    public static Matrix Allocate(long rows, long columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        var memory = new AlignedMemory(rows, columns);
        return new Matrix(memory.Data, rows, columns, columns, memory);
    }

    /// <summary>A new matrix that holds <paramref name="values"/> row by row, rounded to this library's precision.</summary>
    /// <exception cref="ArgumentException">The number of values is not rows · columns.</exception>
    public static Matrix From(long rows, long columns, ReadOnlySpan<double> values)
    {
        if (values.Length != rows * columns)
            throw new ArgumentException($"a {rows} × {columns} matrix has {rows * columns} entries; {values.Length} were given", nameof(values));
        var matrix = Allocate(rows, columns);
        for (int p = 0; p < values.Length; p++) matrix.Data[p] = (Real)values[p];
        return matrix;
    }

    /// <summary>Entry (i, j). The indices are checked in debug builds only; use <see cref="Row"/> for checked access.</summary>
    public ref Real this[long i, long j]
    {
        get
        {
            Debug.Assert((ulong)i < (ulong)Rows && (ulong)j < (ulong)Columns);
            ref Real entry = ref Data[i * Stride + j];
            // The address alone would let the memory go while the caller still loops over it.
            GC.KeepAlive(owner);
            return ref entry;
        }
    }

    /// <summary>Row i as a span of Columns entries. The span does not keep the memory alive: use it while a view of the matrix is in use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<Real> Row(long i)
    {
        if ((ulong)i >= (ulong)Rows) throw new ArgumentOutOfRangeException(nameof(i), i, $"the matrix has {Rows} rows");
        return new Span<Real>(Data + i * Stride, checked((int)Columns));
    }

    /// <summary>The first <paramref name="rows"/> rows, without a copy.</summary>
    public Matrix Top(long rows) => RowRange(0, rows);

    /// <summary>Rows first … first + count − 1, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public Matrix RowRange(long first, long count)
    {
        if (first < 0 || count < 0 || first > Rows - count)
            throw new ArgumentOutOfRangeException(nameof(count), $"rows {first} … {first + count} of a matrix with {Rows} rows");
        return new Matrix(Data + first * Stride, count, Columns, Stride, owner);
    }

    /// <summary>Columns first … first + count − 1, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public Matrix ColumnRange(long first, long count)
    {
        if (first < 0 || count < 0 || first > Columns - count)
            throw new ArgumentOutOfRangeException(nameof(count), $"columns {first} … {first + count} of a matrix with {Columns} columns");
        return new Matrix(Data + first, Rows, count, Stride, owner);
    }

    /// <summary>The same contiguous memory seen as [rows, columns].</summary>
    internal Matrix Reshape(long rows, long columns)
    {
        Debug.Assert(IsContiguous && rows * columns == Count);
        return new Matrix(Data, rows, columns, columns, owner);
    }

    /// <summary>The memory lives at least until this is called.</summary>
    internal void KeepAlive() => GC.KeepAlive(owner);

    /// <summary>Sets every entry to <paramref name="value"/>.</summary>
    public void Fill(Real value)
    {
        for (long i = 0; i < Rows; i++) Row(i).Fill(value);
    }

    /// <summary>Sets every entry to zero.</summary>
    public void Clear()
    {
        if (IsContiguous) NativeMemory.Clear(Data, (nuint)(Count * sizeof(Real)));
        else Fill(0);
    }

    /// <summary>Copies every entry into <paramref name="target"/>, which has the same shape.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void CopyTo(Matrix target)
    {
        Shapes.Same(this, target, "source", "target");
        if (IsContiguous && target.IsContiguous)
            NativeMemory.Copy(Data, target.Data, (nuint)(Count * sizeof(Real)));
        else
            for (long i = 0; i < Rows; i++) Row(i).CopyTo(target.Row(i));
        GC.KeepAlive(owner);
        GC.KeepAlive(target.owner);
    }

    /// <summary>The entries row by row, in double precision.</summary>
    public double[] ToArray()
    {
        var values = new double[Count];
        for (long i = 0; i < Rows; i++)
            for (long j = 0; j < Columns; j++)
                values[i * Columns + j] = Data[i * Stride + j];
        GC.KeepAlive(owner);
        return values;
    }

    /// <summary>The same view: same memory, same shape.</summary>
    public bool Equals(Matrix other) => Data == other.Data && Rows == other.Rows && Columns == other.Columns && Stride == other.Stride;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Matrix other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine((nint)Data, Rows, Columns, Stride);

    /// <summary>The same view.</summary>
    public static bool operator ==(Matrix left, Matrix right) => left.Equals(right);

    /// <summary>Different views.</summary>
    public static bool operator !=(Matrix left, Matrix right) => !left.Equals(right);

    /// <summary>"[rows, columns]".</summary>
    public override string ToString() => $"[{Rows}, {Columns}]";
}
