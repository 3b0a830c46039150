using System.Buffers.Binary;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Weft.Datasets;
using Weft.Memory;

namespace Weft.Training;

/// <summary>
/// A file of named tensors in the safetensors format: eight bytes of header length, a JSON header, the bytes of the tensors.
/// Reading runs no code, and allocates no more than the file is long.
/// </summary>
public sealed class Safetensors
{
    /// <summary>The format's own bound on the header.</summary>
    private const long LongestHeader = 100_000_000;
    private const string MetadataKey = "__metadata__";

    private Safetensors(string path, Dictionary<string, StoredTensor> tensors, Dictionary<string, string> metadata) =>
        (Path, Tensors, Metadata) = (path, tensors, metadata);

    /// <summary>Where it was read.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Texts that the writer left beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name.</exception>
    public static void Write(string path, IEnumerable<(string Name, Matrix Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var stored = tensors.ToDictionary(t => t.Name, t => StoredTensor.From(t.Value), StringComparer.Ordinal);
        AtomicFile.Write(path, stream => Write(stream, stored, metadata ?? new Dictionary<string, string>()));
    }

    internal static void Write(Stream stream, IReadOnlyCollection<KeyValuePair<string, StoredTensor>> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        // Wide types first, so that every tensor begins at a multiple of its entry's size.
        var ordered = tensors.OrderByDescending(t => StoredTensor.BytesOf(t.Value.Type)).ThenBy(t => t.Key, StringComparer.Ordinal).ToArray();
        byte[] header = Header(ordered, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var (_, tensor) in ordered) stream.Write(tensor.Bytes);
    }

    private static byte[] Header(KeyValuePair<string, StoredTensor>[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", tensor.Type);
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Bytes.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="DataFormatException">It is not there, or not a safetensors file; the message says where and why.</exception>
    public static Safetensors Read(string path)
    {
        using var stream = DataFile.Open(path);
        return Read(stream, path);
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream, which can tell its length.</param>
    /// <param name="path">Where it comes from, for messages.</param>
    internal static Safetensors Read(Stream stream, string path)
    {
        long fileLength = stream.Length;
        if (fileLength < 8) throw new DataFormatException(path, "", $"the file has {fileLength} bytes", "a safetensors file, which begins with 8 bytes of header length");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > (ulong)Math.Min(LongestHeader, fileLength - 8))
            throw new DataFormatException(path, "byte 0", $"the header claims {headerLength} bytes", $"at most {Math.Min(LongestHeader, fileLength - 8)}; the file is cut short or is no safetensors file");
        var header = new byte[headerLength];
        stream.ReadExactly(header);
        var (entries, metadata) = ParseHeader(path, header, fileLength - 8 - (long)headerLength);
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var bytes = new byte[entry.End - entry.Begin];
            stream.ReadExactly(bytes);
            tensors.Add(entry.Name, new StoredTensor(entry.Type, entry.Shape, bytes));
        }
        return new Safetensors(path, tensors, metadata);
    }

    /// <summary>Copies the tensor of each name into its matrix.</summary>
    /// <param name="targets">Names without the prefix, and the matrices that receive the values.</param>
    /// <param name="prefix">What the names in the file begin with.</param>
    /// <exception cref="DataFormatException">A tensor is missing, or has another shape or type.</exception>
    public void CopyTo(IEnumerable<(string Name, Matrix Value)> targets, string prefix = "")
    {
        foreach (var (name, target) in targets)
        {
            if (!Tensors.TryGetValue(prefix + name, out var tensor))
                throw new DataFormatException(Path, $"tensor {prefix + name}", "there is no such tensor", "the parameters of the same model; check the model's options");
            try
            {
                tensor.CopyTo(target);
            }
            catch (ArgumentException problem)
            {
                throw new DataFormatException(Path, $"tensor {prefix + name}", problem.Message, "the parameters of the same model; check the model's options", problem);
            }
        }
    }

    private sealed record Entry(string Name, string Type, long[] Shape, long Begin, long End);

    private static (Entry[] Entries, Dictionary<string, string> Metadata) ParseHeader(string path, byte[] header, long dataLength)
    {
        try
        {
            using var document = JsonDocument.Parse(header);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var names = new HashSet<string>(StringComparer.Ordinal);
            var entries = new List<Entry>();
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Bad(path, "", "the header is no JSON object", "{\"name\": {…}, …}");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name)) throw Bad(path, property.Name, "the name occurs twice", "every name once");
                if (property.Name == MetadataKey) ReadMetadata(path, property.Value, metadata);
                else entries.Add(ReadEntry(path, property.Name, property.Value, dataLength));
            }
            entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
            CheckCover(path, entries, dataLength);
            return ([.. entries], metadata);
        }
        // A header that is JSON but not UTF-8 inside a string shows only when the string is asked for.
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new DataFormatException(path, "byte 8", $"the header is not JSON ({problem.Message.TrimEnd('.')})", "a safetensors file that is whole", problem);
        }
    }

    private static void ReadMetadata(string path, JsonElement element, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Bad(path, MetadataKey, $"it is {Kind(element)}", "an object of texts");
        foreach (var pair in element.EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.String) throw Bad(path, $"{MetadataKey}.{pair.Name}", $"it is {Kind(pair.Value)}", "a text");
            if (!metadata.TryAdd(pair.Name, pair.Value.GetString()!)) throw Bad(path, $"{MetadataKey}.{pair.Name}", "the name occurs twice", "every name once");
        }
    }

    private static Entry ReadEntry(string path, string name, JsonElement element, long dataLength)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Bad(path, name, $"its entry is {Kind(element)}", "an object with dtype, shape and data_offsets");
        string type = element.TryGetProperty("dtype", out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : "";
        int size = StoredTensor.BytesOf(type);
        if (size == 0) throw Bad(path, name, $"dtype is {(type.Length == 0 ? "missing" : type)}", "F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8 or BOOL");
        long[] shape = Integers(path, name, element, "shape"), offsets = Integers(path, name, element, "data_offsets");
        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] > dataLength)
            throw Bad(path, name, $"data_offsets is [{string.Join(", ", offsets)}]", $"begin ≤ end ≤ {dataLength}, the bytes after the header");
        UInt128 bytes = (uint)size;
        foreach (long n in shape)
        {
            // Bounded after each factor, so that 128 bits cannot overflow.
            bytes *= (ulong)n;
            if (bytes > long.MaxValue) throw Bad(path, name, $"the shape [{string.Join(", ", shape)}] is too large", $"at most {dataLength} bytes");
        }
        if (bytes != (ulong)(offsets[1] - offsets[0]))
            throw Bad(path, name, $"{type} [{string.Join(", ", shape)}] takes {bytes} bytes and has {offsets[1] - offsets[0]}", "as many as its shape takes");
        if (bytes > int.MaxValue) throw Bad(path, name, $"the tensor has {bytes} bytes", $"at most {int.MaxValue}");
        return new Entry(name, type, shape, offsets[0], offsets[1]);
    }

    private static long[] Integers(string path, string name, JsonElement entry, string key)
    {
        if (!entry.TryGetProperty(key, out var array) || array.ValueKind != JsonValueKind.Array) throw Bad(path, name, $"{key} is missing or no list", "a list of whole numbers");
        return [.. array.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long value) && value >= 0 ? value
                : throw Bad(path, name, $"{key} holds {item.GetRawText()}", "whole numbers from 0"))];
    }

    /// <summary>The tensors, in the order of their offsets, must cover the bytes after the header: no overlap, no hole, no rest.</summary>
    private static void CheckCover(string path, List<Entry> entries, long dataLength)
    {
        long at = 0;
        foreach (var entry in entries)
        {
            if (entry.Begin != at)
                throw Bad(path, entry.Name, $"it begins at {entry.Begin}", $"{at.ToString(CultureInfo.InvariantCulture)}, where the tensor before it ends: {(entry.Begin < at ? "tensors may not overlap" : "no byte may be left out")}");
            at = entry.End;
        }
        if (at != dataLength) throw new DataFormatException(path, "", $"{dataLength - at} bytes follow the last tensor", "none");
    }

    private static string Kind(JsonElement element) => $"a JSON {element.ValueKind}";

    private static DataFormatException Bad(string path, string name, string found, string expected) =>
        new(path, name.Length == 0 ? "" : $"tensor {name}", found, expected);
}
