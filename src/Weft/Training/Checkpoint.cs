using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Weft.Datasets;
using Weft.Layers;
using Weft.Memory;
using Weft.Optimizers;

namespace Weft.Training;

/// <summary>
/// Everything that a run needs to go on with the same bits: parameters, best parameters, moments, counters. Two files of a
/// run folder hold it, the newest and the one before, each with the SHA-256 of its content, so that a run that is
/// killed at any moment finds a whole one.
/// </summary>
public sealed class Checkpoint
{
    /// <summary>The newest.</summary>
    public const string FileName = "checkpoint.safetensors";

    /// <summary>The one before.</summary>
    public const string PreviousFileName = "checkpoint.previous.safetensors";

    /// <summary>The one that is being written; left behind by a run that was killed meanwhile, and overwritten by the next.</summary>
    internal const string NextFileName = "checkpoint.next.safetensors";

    /// <summary>Names of the texts that say which run a checkpoint is of.</summary>
    internal const string ConfigurationKey = "configuration", DataKey = "data_digest";

    private const string HashKey = "sha256", EpochKey = "epoch", StepsKey = "optimizer_steps", OptimizerKey = "optimizer";

    private readonly Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly string path = FileName;

    /// <summary>An empty checkpoint after so many epochs.</summary>
    public Checkpoint(int epoch) => Epoch = epoch;

    private Checkpoint(Safetensors file, int epoch)
    {
        (path, Epoch) = (file.Path, epoch);
        foreach (var (name, tensor) in file.Tensors) tensors.Add(name, tensor);
        foreach (var (name, text) in file.Metadata)
            if (name is not (HashKey or EpochKey)) texts.Add(name, text);
    }

    /// <summary>Number of epochs done.</summary>
    public int Epoch { get; }

    /// <summary>Texts that decide whether a checkpoint belongs to a run: its configuration, the digest of its data.</summary>
    public IDictionary<string, string> Texts => texts;

    /// <summary>Adds a copy of the parameters and of the optimiser's state.</summary>
    public void Add(IReadOnlyList<(string Name, Parameter Parameter)> parameters, IOptimizer optimizer)
    {
        Add("parameters", parameters.Select(p => (p.Name, p.Parameter.Value)));
        Add("optimizer", optimizer.State);
        texts[OptimizerKey] = optimizer.Name;
        texts[StepsKey] = optimizer.Steps.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Adds a copy of matrices under <paramref name="section"/>, such as "best".</summary>
    public void Add(string section, IEnumerable<(string Name, Matrix Value)> values)
    {
        foreach (var (name, value) in values) tensors.Add($"{section}/{name}", StoredTensor.From(value));
    }

    /// <summary>Adds numbers, such as the counters of a stopping rule or the scores so far; they come back to the bit.</summary>
    public void Add(string name, IReadOnlyList<double> numbers) => tensors.Add(name, StoredTensor.From([.. numbers]));

    /// <summary>Puts the parameters and the optimiser's state back.</summary>
    /// <exception cref="DataFormatException">The checkpoint is of another model or optimiser.</exception>
    public void Restore(IReadOnlyList<(string Name, Parameter Parameter)> parameters, IOptimizer optimizer)
    {
        string found = texts.GetValueOrDefault(OptimizerKey, "missing");
        if (found != optimizer.Name) throw new DataFormatException(path, OptimizerKey, $"the optimiser is {found}", $"{optimizer.Name}; go on with the options of the run");
        if (!long.TryParse(texts.GetValueOrDefault(StepsKey), NumberStyles.None, CultureInfo.InvariantCulture, out long steps))
            throw new DataFormatException(path, StepsKey, "the number of steps is missing", "a whole number");
        Restore("parameters", parameters.Select(p => (p.Name, p.Parameter.Value)));
        Restore("optimizer", optimizer.State);
        optimizer.Steps = steps;
    }

    /// <summary>Puts the matrices of a section back.</summary>
    /// <exception cref="DataFormatException">One is missing or has another shape.</exception>
    public void Restore(string section, IEnumerable<(string Name, Matrix Value)> values)
    {
        foreach (var (name, value) in values)
        {
            if (!tensors.TryGetValue($"{section}/{name}", out var tensor))
                throw new DataFormatException(path, $"tensor {section}/{name}", "there is no such tensor", "a checkpoint of the same model; go on with the options of the run");
            if (tensor.Type != (Matrix.BytesPerEntry == 8 ? "F64" : "F32"))
                throw new DataFormatException(path, $"tensor {section}/{name}", $"the type is {tensor.Type}", "the precision of this build; a run goes on in the precision in which it began");
            if (tensor.Shape.Count != 2 || tensor.Shape[0] != value.Rows || tensor.Shape[1] != value.Columns)
                throw new DataFormatException(path, $"tensor {section}/{name}", $"the shape is {tensor.ShapeText}", $"{value}; go on with the options of the run");
            tensor.CopyTo(value);
        }
    }

    /// <summary>True if numbers were added under this name.</summary>
    internal bool Holds(string name) => tensors.ContainsKey(name);

    /// <summary>Numbers that were added under this name.</summary>
    /// <exception cref="DataFormatException">There are none.</exception>
    public double[] Numbers(string name) => tensors.TryGetValue(name, out var tensor) ? tensor.ToArray()
        : throw new DataFormatException(path, $"tensor {name}", "there is no such tensor", "a checkpoint of the same run");

    /// <summary>
    /// Makes this the newest checkpoint of a run folder; the one that was becomes the one before. It is written aside and
    /// flushed to the disk first, so that at every moment a whole one is there.
    /// </summary>
    public void Save(string folder)
    {
        string next = Path.Combine(folder, NextFileName), current = Path.Combine(folder, FileName);
        // A run killed between the renames left its newest under this name: it must not be written over while it may be the only one.
        // One killed while it wrote its first left a part of it there, which must never take a name that stands for a whole one.
        if (!File.Exists(current) && File.Exists(next) && IsWhole(next)) File.Move(next, current);
        using (var stream = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            Write(stream);
            stream.Flush(flushToDisk: true);
        }
        if (File.Exists(current)) File.Move(current, Path.Combine(folder, PreviousFileName), overwrite: true);
        File.Move(next, current, overwrite: true);
    }

    private void Write(Stream stream)
    {
        var metadata = new Dictionary<string, string>(texts, StringComparer.Ordinal) { [EpochKey] = Epoch.ToString(CultureInfo.InvariantCulture) };
        metadata[HashKey] = Hash(tensors, metadata);
        Safetensors.Write(stream, tensors, metadata);
    }

    /// <summary>The bytes of its file.</summary>
    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return stream.ToArray();
    }

    /// <summary>The checkpoint of <see cref="ToBytes"/>.</summary>
    internal static Checkpoint FromBytes(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes, writable: false);
        return From(Safetensors.Read(stream, FileName));
    }

    /// <summary>Refuses a checkpoint of another configuration or of other data; the message names the first line that differs.</summary>
    internal void Expect(string configFile, string configuration, string dataset, string dataDigest)
    {
        string[] here = configuration.Split('\n'), before = texts.GetValueOrDefault(ConfigurationKey, "").Split('\n');
        for (int line = 0; line < Math.Max(here.Length, before.Length); line++)
        {
            string now = line < here.Length ? here[line].Trim() : "", then = line < before.Length ? before[line].Trim() : "";
            if (now != then)
                throw new DataFormatException(configFile, "", $"the configuration has {Quoted(now)}", $"{Quoted(then)}, as in {path}; put it back, or train anew with --config and another --out");
        }
        if (texts.GetValueOrDefault(DataKey) != dataDigest)
            throw new DataFormatException(path, DataKey, $"the data of {dataset} are not those that the run began with", "the same data; put them back, or train anew with another --out");

        static string Quoted(string line) => line.Length == 0 ? "nothing" : line.TrimEnd(',');
    }

    /// <summary>Removes every checkpoint of a folder.</summary>
    internal static void Delete(string folder)
    {
        foreach (string name in new[] { FileName, PreviousFileName, NextFileName })
            if (File.Exists(Path.Combine(folder, name))) File.Delete(Path.Combine(folder, name));
    }

    /// <summary>The newest whole checkpoint of a run folder; null if none was ever finished.</summary>
    /// <exception cref="DataFormatException">There are checkpoints, and all are broken.</exception>
    public static Checkpoint? Load(string folder)
    {
        Checkpoint? newest = null;
        var problems = new List<DataFormatException>();
        foreach (string name in new[] { FileName, PreviousFileName, NextFileName })
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) continue;
            try
            {
                var found = Read(path);
                if (newest is null || found.Epoch > newest.Epoch) newest = found;
            }
            // One that was being written when the run was killed is as good as none.
            catch (DataFormatException problem)
            {
                if (name != NextFileName) problems.Add(problem);
            }
        }
        if (newest is null && problems.Count > 0)
            throw new DataFormatException(folder, "", $"no checkpoint can be used ({string.Join("; ", problems.Select(p => p.Message))})", "a whole checkpoint; train anew with another --out", problems[0]);
        return newest;
    }

    private static bool IsWhole(string path)
    {
        try
        {
            Read(path);
            return true;
        }
        catch (DataFormatException)
        {
            return false;
        }
    }

    private static Checkpoint Read(string path)
    {
        return From(Safetensors.Read(path));
    }

    private static Checkpoint From(Safetensors file)
    {
        string path = file.Path;
        if (!file.Metadata.TryGetValue(HashKey, out string? expected) || expected != Hash(file.Tensors, file.Metadata))
            throw new DataFormatException(path, "", "the content has another SHA-256 than the file says", "a checkpoint that is whole");
        if (!int.TryParse(file.Metadata.GetValueOrDefault(EpochKey), NumberStyles.None, CultureInfo.InvariantCulture, out int epoch))
            throw new DataFormatException(path, "", "the epoch is missing", "a checkpoint of a training run");
        return new Checkpoint(file, epoch);
    }

    /// <summary>SHA-256 over all texts but the digest itself and all tensors, in the order of their names, each with the lengths of its parts.</summary>
    private static string Hash(IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Text(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.LongLength));
            hash.AppendData(bytes);
        }
        foreach (var (name, text) in texts.Where(t => t.Key != HashKey).OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            Text(name);
            Text(text);
        }
        foreach (var (name, tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            Text(name);
            Text(tensor.Type);
            hash.AppendData(BitConverter.GetBytes(tensor.Shape.Count));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Shape.ToArray().AsSpan()));
            hash.AppendData(tensor.Bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
