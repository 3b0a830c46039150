using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Training;

/// <summary>One tensor of a safetensors file: its type, its shape and its bytes, little-endian and row by row.</summary>
public sealed class StoredTensor
{
    private readonly byte[] bytes;

    internal StoredTensor(string type, long[] shape, byte[] bytes) => (Type, Shape, this.bytes) = (type, shape, bytes);

    /// <summary>A copy of a matrix, F32 or F64 as this library counts, of shape [rows, columns].</summary>
    public static unsafe StoredTensor From(Matrix matrix)
    {
        var bytes = new byte[checked((int)(matrix.Count * sizeof(Real)))];
        var values = MemoryMarshal.Cast<byte, Real>(bytes.AsSpan());
        for (long i = 0; i < matrix.Rows; i++) matrix.Row(i).CopyTo(values[(int)(i * matrix.Columns)..]);
        return new StoredTensor(sizeof(Real) == 8 ? "F64" : "F32", [matrix.Rows, matrix.Columns], bytes);
    }

    /// <summary>A copy of numbers, F64, of one dimension.</summary>
    public static StoredTensor From(ReadOnlySpan<double> numbers) =>
        new("F64", [numbers.Length], MemoryMarshal.AsBytes(numbers).ToArray());

    /// <summary>F64, F32, F16, BF16, I64, …: the format's name of the type.</summary>
    public string Type { get; }

    /// <summary>Sizes of the axes; none for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of entries.</summary>
    public long Count => bytes.Length / BytesOf(Type);

    internal ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>True if entries are floating-point numbers.</summary>
    public bool IsFloat => Type is "F64" or "F32" or "F16" or "BF16";

    internal string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Bytes of one entry of a type; 0 for a type that is not known.</summary>
    internal static int BytesOf(string type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" => 1,
        _ => 0,
    };

    /// <summary>Entry p, counted row by row, in double precision.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    public double this[long p]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)p, (ulong)Count);
            var at = bytes.AsSpan((int)p * BytesOf(Type));
            return Type switch
            {
                "F64" => BinaryPrimitives.ReadDoubleLittleEndian(at),
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "F16" => (double)BinaryPrimitives.ReadHalfLittleEndian(at),
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(at) << 16),
                "I64" => BinaryPrimitives.ReadInt64LittleEndian(at),
                "U64" => BinaryPrimitives.ReadUInt64LittleEndian(at),
                "I32" => BinaryPrimitives.ReadInt32LittleEndian(at),
                "U32" => BinaryPrimitives.ReadUInt32LittleEndian(at),
                "I16" => BinaryPrimitives.ReadInt16LittleEndian(at),
                "U16" => BinaryPrimitives.ReadUInt16LittleEndian(at),
                "I8" => (sbyte)at[0],
                _ => at[0],
            };
        }
    }

    /// <summary>All entries, row by row, in double precision.</summary>
    public double[] ToArray()
    {
        var values = new double[Count];
        for (int p = 0; p < values.Length; p++) values[p] = this[p];
        return values;
    }

    /// <summary>Copies the entries into a matrix, rounded to this library's precision. A tensor of one axis is one row; leading axes are rows.</summary>
    /// <exception cref="ArgumentException">The shapes do not agree, or the entries are no floating-point numbers.</exception>
    public void CopyTo(Matrix target)
    {
        long columns = Shape.Count == 0 ? 1 : Shape[^1];
        if (Count != target.Count || columns != target.Columns) throw new ArgumentException($"the shape is {ShapeText}; {target} was expected");
        if (!IsFloat) throw new ArgumentException($"the type is {Type}; F32 or F64 was expected");
        for (long i = 0; i < target.Rows; i++)
            for (long j = 0; j < target.Columns; j++) target[i, j] = (Real)this[i * target.Columns + j];
    }
}
