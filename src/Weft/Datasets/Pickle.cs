using System.Buffers.Binary;
using System.Text;

namespace Weft.Datasets;

/// <summary>
/// Reads the pickles of Planetoid's files and nothing else: protocol 2 with NumPy arrays, SciPy's csr_matrix and dictionaries
/// of lists of integers. A pickle is a program; this runs none of it. Six names are known, each stands for one fixed
/// data structure, and any other name or opcode is refused by its name and offset.
/// </summary>
internal sealed class Pickle
{
    private const string Csr = "scipy.sparse.csr csr_matrix", Reconstruct = "numpy.core.multiarray _reconstruct", NdArray = "numpy ndarray",
        DType = "numpy dtype", DefaultDict = "collections defaultdict", List = "__builtin__ list";
    private const long LargestFile = 1L << 30;

    private static readonly object Mark = new();
    private readonly byte[] bytes;
    private readonly string file;
    private readonly List<object?> stack = [];
    private readonly Dictionary<int, object?> memo = [];
    private int position, opcodeAt;

    private Pickle(byte[] bytes, string file) => (this.bytes, this.file) = (bytes, file);

    /// <summary>The value of a file: long, bool, byte[], null, object?[] (tuple), List, PickleFields, PickleArray.</summary>
    /// <exception cref="DataFormatException">The file is missing, cut off, or holds anything that Planetoid's files do not.</exception>
    public static object? Read(string path)
    {
        using var stream = DataFile.Open(path);
        if (stream.Length > LargestFile) throw new DataFormatException(path, "", $"a pickle of {stream.Length} bytes", $"at most {LargestFile}");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new Pickle(bytes, path).Run();
    }

    private object? Run()
    {
        while (true)
        {
            opcodeAt = position;
            byte opcode = Take(1)[0];
            if (opcode == '.') return Pop();
            Step(opcode);
        }
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: if (Take(1)[0] != 2) throw Bad("another pickle protocol", "protocol 2"); break;
            case (byte)'c': stack.Add(Global()); break;
            case (byte)'(': stack.Add(Mark); break;
            case (byte)')': stack.Add(Array.Empty<object?>()); break;
            case (byte)'}': stack.Add(new PickleFields("dict")); break;
            case (byte)']': stack.Add(new List<object?>()); break;
            case (byte)'N': stack.Add(null); break;
            case 0x88: stack.Add(true); break;
            case 0x89: stack.Add(false); break;
            case (byte)'K': stack.Add((long)Take(1)[0]); break;
            case (byte)'M': stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'J': stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'U': stack.Add(Take(Take(1)[0]).ToArray()); break;
            case (byte)'T': stack.Add(Take(Length()).ToArray()); break;
            case 0x85: stack.Add(PopMany(1)); break;
            case 0x86: stack.Add(PopMany(2)); break;
            case 0x87: stack.Add(PopMany(3)); break;
            case (byte)'t': stack.Add(PopToMark()); break;
            case (byte)'q': memo[Take(1)[0]] = Peek(); break;
            case (byte)'r': memo[Length()] = Peek(); break;
            case (byte)'h': stack.Add(Remembered(Take(1)[0])); break;
            case (byte)'j': stack.Add(Remembered(Length())); break;
            case (byte)'a': { object? item = Pop(); ListOnTop().Add(item); break; }
            case (byte)'e': { var items = PopToMark(); ListOnTop().AddRange(items); break; }
            case (byte)'s': { var item = PopMany(2); Set(item); break; }
            case (byte)'u': Set(PopToMark()); break;
            case 0x81: { var call = PopMany(2); stack.Add(NewObject(call)); break; }
            case (byte)'R': { var call = PopMany(2); stack.Add(Reduce(call)); break; }
            case (byte)'b': { object? state = Pop(); Build(Peek(), state); break; }
            default: throw Bad($"pickle opcode 0x{opcode:x2}{(opcode is > 32 and < 127 ? $" '{(char)opcode}'" : "")}", "only the opcodes of Planetoid's files; nothing else in a pickle is read");
        }
    }

    private PickleGlobal Global()
    {
        string name = $"{Line()} {Line()}";
        return name is Csr or Reconstruct or NdArray or DType or DefaultDict or List
            ? new PickleGlobal(name)
            : throw Bad($"the pickle asks for {name}", $"only {Csr}, {Reconstruct}, {NdArray}, {DType}, {DefaultDict} and {List}; nothing in a pickle is run");
    }

    private PickleFields NewObject(object?[] call) =>
        call is [PickleGlobal { Name: Csr }, object?[] { Length: 0 }] ? new PickleFields(Csr) : throw Bad("a new object that is no csr_matrix", Csr);

    private object Reduce(object?[] call) => call switch
    {
        [PickleGlobal { Name: Reconstruct }, object?[] and [PickleGlobal { Name: NdArray }, object?[], byte[]]] => new PickleArray(),
        [PickleGlobal { Name: DType }, object?[] and [byte[] code, ..]] => new PickleType(Encoding.Latin1.GetString(code)),
        [PickleGlobal { Name: DefaultDict }, object?[] and [PickleGlobal { Name: List }]] => new PickleFields(DefaultDict),
        [PickleGlobal global, ..] => throw Bad($"a call of {global.Name} with other arguments than Planetoid's files have", "an array, a type or a defaultdict of lists"),
        _ => throw Bad("a call of something that is no name", "an array, a type or a defaultdict of lists"),
    };

    private void Build(object? target, object? state)
    {
        if (target is PickleArray array)
        {
            string? wrong = state is object?[] parts ? PickleArray.Fill(array, parts) : "an array without a state";
            if (wrong is not null) throw Bad(wrong, "a C-ordered array of i4, i8, f4 or f8");
        }
        else if (target is PickleFields { Kind: Csr } matrix && state is PickleFields fields)
            foreach (var (key, value) in fields.Items) matrix.Items[key] = value;
        else if (!(target is PickleType && state is object?[] and [long, byte[] order, ..] && (order.AsSpan().SequenceEqual("<"u8) || order.AsSpan().SequenceEqual("|"u8))))
            throw Bad("a state for an object that has none, or big-endian numbers", "the state of an array, a little-endian type or a csr_matrix");
    }

    private void Set(object?[] pairs)
    {
        if (Peek() is not PickleFields { Kind: "dict" or DefaultDict } fields || pairs.Length % 2 != 0) throw Bad("items for something that is no dictionary", "a dictionary");
        for (int p = 0; p < pairs.Length; p += 2)
            fields.Items[PickleFields.Key(pairs[p]) ?? throw Bad("a key that is neither a number nor a string", "either")] = pairs[p + 1];
    }

    private List<object?> ListOnTop() => Peek() as List<object?> ?? throw Bad("an item for something that is no list", "a list");

    private object? Remembered(int number) => memo.TryGetValue(number, out object? value) ? value : throw Bad($"memory {number} is used before it is set", "a value");

    private object?[] PopToMark()
    {
        int mark = stack.LastIndexOf(Mark);
        if (mark < 0) throw Bad("a mark is missing", "a whole pickle");
        object?[] items = [.. stack.Skip(mark + 1)];
        stack.RemoveRange(mark, stack.Count - mark);
        return items;
    }

    private object?[] PopMany(int count)
    {
        var items = new object?[count];
        for (int p = count - 1; p >= 0; p--) items[p] = Pop();
        return items;
    }

    private object? Pop()
    {
        object? top = Peek();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private object? Peek() => stack.Count > 0 && stack[^1] != Mark ? stack[^1] : throw Bad("a value is missing", "a whole pickle");

    private int Length()
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        return length >= 0 ? length : throw Bad($"a length of {length}", "a positive one");
    }

    private string Line()
    {
        int length = bytes.AsSpan(position).IndexOf((byte)'\n');
        if (length is < 0 or > 200) throw Bad("a name without an end", "a name of at most 200 letters");
        string line = Encoding.Latin1.GetString(bytes, position, length);
        position += length + 1;
        return line;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - position) throw Bad("the pickle is cut off", $"{count} more bytes");
        position += count;
        return bytes.AsSpan(position - count, count);
    }

    private DataFormatException Bad(string found, string expected) => new(file, $"byte {opcodeAt}", found, expected);
}
