namespace Weft.Datasets;

/// <summary>Opening input files with errors that a person can act on.</summary>
internal static class DataFile
{
    /// <summary>Opens an existing file for reading.</summary>
    /// <exception cref="DataFormatException">There is no such file, it is a folder, or it cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new DataFormatException(path, "", "this is a folder", "a file");
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFormatException(path, "", "there is no such file", "an existing file; check the path", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(path, "", $"the file cannot be opened ({problem.Message.TrimEnd('.')})", "a file that can be read", problem);
        }
    }
}
