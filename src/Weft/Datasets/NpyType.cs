using System.Runtime.InteropServices;

namespace Weft.Datasets;

/// <summary>Type of the entries of a <see cref="NpyArray"/>.</summary>
public enum NpyType
{
    /// <summary>One byte, 0 or 1.</summary>
    Boolean,

    /// <summary>Unsigned 8-bit integers.</summary>
    U8,

    /// <summary>Signed 32-bit integers.</summary>
    I32,

    /// <summary>Signed 64-bit integers.</summary>
    I64,

    /// <summary>Single precision.</summary>
    F32,

    /// <summary>Double precision.</summary>
    F64,
}

/// <summary>The types' names in .npy files and their arrays here. All are little-endian.</summary>
internal static class NpyTypes
{
    public const string Known = "|b1, |u1, <i4, <i8, <f4, <f8";

    public static NpyType? Parse(string descr) => descr switch
    {
        "|b1" or "?" => NpyType.Boolean,
        "|u1" => NpyType.U8,
        "<i4" => NpyType.I32,
        "<i8" => NpyType.I64,
        "<f4" => NpyType.F32,
        "<f8" => NpyType.F64,
        _ => null,
    };

    public static string Descr(NpyType type) => type switch
    {
        NpyType.Boolean => "|b1",
        NpyType.U8 => "|u1",
        NpyType.I32 => "<i4",
        NpyType.I64 => "<i8",
        NpyType.F32 => "<f4",
        _ => "<f8",
    };

    public static int Size(NpyType type) => type switch
    {
        NpyType.Boolean or NpyType.U8 => 1,
        NpyType.I32 or NpyType.F32 => 4,
        _ => 8,
    };

    public static NpyType? Of(Array data) => data switch
    {
        bool[] => NpyType.Boolean,
        byte[] => NpyType.U8,
        int[] => NpyType.I32,
        long[] => NpyType.I64,
        float[] => NpyType.F32,
        double[] => NpyType.F64,
        _ => null,
    };

    public static Array Allocate(NpyType type, long count) => type switch
    {
        NpyType.Boolean => new bool[count],
        NpyType.U8 => new byte[count],
        NpyType.I32 => new int[count],
        NpyType.I64 => new long[count],
        NpyType.F32 => new float[count],
        _ => new double[count],
    };

    /// <summary>Bytes first … first + count − 1 of an array; they may be more than one span can hold in all.</summary>
    public static Span<byte> Bytes(Array data, long first, int count) =>
        MemoryMarshal.CreateSpan(ref System.Runtime.CompilerServices.Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(data), (nint)first), count);
}
