using System.Buffers.Binary;
using System.Text;

namespace Weft.Datasets;

/// <summary>A class or function that a pickle names. It is a word here, nothing that could run.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>Type of the entries of a pickled NumPy array: kind i or f, and bytes.</summary>
internal sealed class PickleType(string code)
{
    public string Code { get; } = code;
}

/// <summary>A pickled NumPy array of integers or floating-point numbers, in C order.</summary>
internal sealed class PickleArray
{
    public long[] Shape { get; private set; } = [];

    private byte[] bytes = [];
    private string code = "";

    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Takes the state that NumPy stores: version, shape, type, Fortran order, bytes.</summary>
    public static string? Fill(PickleArray array, object?[] state)
    {
        if (state is not [long, object?[] shape, PickleType type, bool fortran, byte[] bytes]) return "an array state that NumPy does not write";
        if (type.Code is not ("i4" or "i8" or "f4" or "f8")) return $"an array of type {type.Code}";
        if (fortran && shape.Length > 1) return "an array in Fortran order";
        if (shape.Length is 0 or > 2 || !shape.All(s => s is >= 0L and <= int.MaxValue)) return "an array of a strange shape";
        array.Shape = [.. shape.Select(s => (long)s!)];
        array.code = type.Code;
        array.bytes = bytes;
        return array.Count * (type.Code[1] - '0') == bytes.Length ? null : $"{bytes.Length} bytes for an array of {array.Count} × {type.Code}";
    }

    public long[]? Integers() => code switch
    {
        "i4" => Convert(4, at => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at))),
        "i8" => Convert(8, at => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at))),
        _ => null,
    };

    public Real[]? Reals() => code switch
    {
        "f4" => Convert(4, at => (Real)BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at))),
        "f8" => Convert(8, at => (Real)BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(at))),
        _ => null,
    };

    private T[] Convert<T>(int size, Func<int, T> at)
    {
        var values = new T[bytes.Length / size];
        for (int p = 0; p < values.Length; p++) values[p] = at(p * size);
        return values;
    }
}

/// <summary>A pickled dictionary, or the object whose fields it holds (a SciPy matrix, a defaultdict).</summary>
internal sealed class PickleFields(string kind)
{
    public string Kind { get; } = kind;

    public Dictionary<object, object?> Items { get; } = [];

    /// <summary>Strings are bytes in the pickles of Python 2; as keys they are text.</summary>
    public static object? Key(object? value) => value is byte[] text ? Encoding.Latin1.GetString(text) : value is long or string ? value : null;

    public object? this[string name] => Items.GetValueOrDefault(name);
}
