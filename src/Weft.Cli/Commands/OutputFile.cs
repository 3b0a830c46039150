using Weft.Datasets;
using Weft.Memory;

namespace Weft.Cli.Commands;

/// <summary>Files that a verb writes: checked before the work, there whole or not at all after it.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a place where no file can be written.</summary>
    /// <exception cref="UsageException">It is a folder, or its folder is not there.</exception>
    public static void Check(string path, string name)
    {
        if (Directory.Exists(path)) throw new UsageException($"{name} is '{path}', a folder: expected a file");
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder)) throw new UsageException($"{name} is '{path}': there is no folder {folder}; make it first");
    }

    /// <summary>Writes text through a writer with line ends of one character.</summary>
    public static void Write(string path, Action<TextWriter> write) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        write(writer);
    });

    /// <summary>Writes an archive of arrays; asked to stop before its last byte, it leaves what was there before.</summary>
    public static void WriteArchive(string path, IEnumerable<KeyValuePair<string, NpyArray>> arrays, CancellationToken cancellation) => AtomicFile.Write(path, stream =>
    {
        Npz.Write(stream, arrays.TakeWhile(_ => !cancellation.IsCancellationRequested));
        cancellation.ThrowIfCancellationRequested();
    });
}
