using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// Writes a <see cref="BlockModel"/> as a folder of .npy files, piece by piece on every thread: what is held at a time are some
/// pieces of some megabytes, whatever the size of the graph.
/// </summary>
internal sealed class BlockModelFolder(BlockModel model, string path, Action<double>? progress, CancellationToken cancellation)
{
    private const int NodesAtOnce = 8192;
    private readonly long total = (long)model.Nodes * (model.Features + 32);
    private long written;

    /// <summary>Number of edges; known once the folder is written.</summary>
    public long Edges { get; private set; }

    /// <summary>Writes every file, each whole or not at all; col, without which the folder is no set, comes last.</summary>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public void Write()
    {
        Directory.CreateDirectory(path);
        long[] starts = WritePointers();
        Numbers("num_classes", 1, [model.Classes]);
        Rows<float>("x", [model.Nodes, model.Features], piece: (first, count, rows) =>
        {
            for (int i = 0; i < count; i++) model.Row(first + i, rows.AsSpan(i * model.Features, model.Features));
        });
        Rows<long>("y", [model.Nodes], (first, count, rows) =>
        {
            for (int i = 0; i < count; i++) rows[i] = model.Class(first + i);
        });
        foreach (var (name, part) in new[] { ("train_mask", 't'), ("val_mask", 'v'), ("test_mask", 's') })
            Rows<bool>(name, [model.Nodes], (first, count, rows) =>
            {
                for (int i = 0; i < count; i++) rows[i] = model.Part(first + i) == part;
            });
        WriteSources(starts);
        GraphArchive.RemoveOthers(path, ["num_classes", "x", "y", "train_mask", "val_mask", "test_mask"]);
    }

    // Position of the first edge of each piece, and E.
    private long[] WritePointers()
    {
        var starts = new long[Pieces + 1];
        AtomicFile.Write(File("row_ptr"), stream =>
        {
            stream.Write(new NpyHeader(NpyType.I64, [model.Nodes + 1L], false).ToBytes());
            stream.Write(MemoryMarshal.AsBytes<long>(new long[1]));
            long edges = 0;
            for (int piece = 0; piece < Pieces; piece++)
            {
                cancellation.ThrowIfCancellationRequested();
                starts[piece] = edges;
                var ends = new long[Count(piece)];
                for (int i = 0; i < ends.Length; i++) ends[i] = edges += model.InDegree(piece * NodesAtOnce + i);
                stream.Write(MemoryMarshal.AsBytes<long>(ends));
                Done(4L * ends.Length);
            }
            starts[^1] = Edges = edges;
        });
        if (Edges > int.MaxValue - 64L - model.Nodes) throw new ArgumentException($"{Edges} edges and {model.Nodes} nodes: at most 2^31 edges and loops were expected; ask for a smaller degree");
        return starts;
    }

    private void WriteSources(long[] starts) => AtomicFile.Write(File("col"), stream =>
    {
        long header = Header(stream, NpyType.I32, Edges);
        InPieces(stream, piece =>
        {
            var sources = new int[starts[piece + 1] - starts[piece]];
            int at = 0;
            for (int i = 0; i < Count(piece); i++)
            {
                int degree = model.InDegree(piece * NodesAtOnce + i);
                model.Sources(piece * NodesAtOnce + i, sources.AsSpan(at, degree));
                at += degree;
            }
            return (sources, header + starts[piece] * sizeof(int), 20L * Count(piece));
        });
    });

    private void Rows<T>(string name, long[] shape, Action<int, int, T[]> piece)
        where T : unmanaged => AtomicFile.Write(File(name), stream =>
    {
        long width = shape.Length > 1 ? shape[1] : 1, header = Header(stream, NpyTypes.Of(Array.Empty<T>())!.Value, shape);
        InPieces(stream, number =>
        {
            var rows = GC.AllocateUninitializedArray<T>(checked((int)(Count(number) * width)));
            piece(number * NodesAtOnce, Count(number), rows);
            return (rows, header + number * NodesAtOnce * width * Unsafe.SizeOf<T>(), width * Count(number));
        });
    });

    private void Numbers(string name, long count, long[] values) => new NpyArray(values, count).Write(File(name));

    private static long Header(FileStream stream, NpyType type, params long[] shape)
    {
        byte[] header = new NpyHeader(type, shape, false).ToBytes();
        stream.Write(header);
        stream.Flush();
        return header.Length;
    }

    private void InPieces<T>(FileStream stream, Func<int, (T[] Entries, long At, long Work)> make)
        where T : unmanaged
    {
        var file = stream.SafeFileHandle;
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        try
        {
            Parallel.For(0, Pieces, options, piece =>
            {
                var (entries, at, work) = make(piece);
                RandomAccess.Write(file, MemoryMarshal.AsBytes(entries.AsSpan()), at);
                Done(work);
            });
        }
        catch (AggregateException problems) when (problems.InnerExceptions[0] is IOException problem)
        {
            throw new IOException(problem.Message, problem);
        }
    }

    private void Done(long work)
    {
        long now = Interlocked.Add(ref written, work);
        progress?.Invoke(Math.Min(1, now / (double)total));
    }

    private int Pieces => (model.Nodes + NodesAtOnce - 1) / NodesAtOnce;

    private int Count(int piece) => Math.Min(NodesAtOnce, model.Nodes - piece * NodesAtOnce);

    private string File(string name) => Path.Combine(path, name + ".npy");
}
