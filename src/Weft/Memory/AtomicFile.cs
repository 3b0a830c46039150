namespace Weft.Memory;

/// <summary>
/// Files that are there whole or not at all: written beside their place, flushed to the disk and renamed. A full disk, an
/// exception or a killed process leaves the file that was there before.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>, which gets a stream that can seek.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">Its folder may not be changed.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        string full = Path.GetFullPath(path);
        string aside = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        var stream = Create(aside, full);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(aside, full, overwrite: true);
        }
        catch (IOException problem) when (problem.Message.Contains(aside, StringComparison.Ordinal))
        {
            File.Delete(aside);
            // The name beside the file's is no name that the user gave.
            throw new IOException(problem.Message.Replace(aside, full, StringComparison.Ordinal), problem);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }

    private static FileStream Create(string aside, string full)
    {
        try
        {
            return new FileStream(aside, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new UnauthorizedAccessException($"{full} cannot be written: its folder may not be changed by this user", problem);
        }
        catch (IOException problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DirectoryNotFoundException($"{full} cannot be written: its folder is missing or takes no files", problem);
        }
        catch (IOException problem)
        {
            throw new IOException($"{full} cannot be written: {problem.Message.Replace(aside, full, StringComparison.Ordinal).TrimEnd('.')}", problem);
        }
    }
}
