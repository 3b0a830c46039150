using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Weft.Datasets;

/// <summary>How far a download has come. <paramref name="Total"/> is null where the server does not tell it.</summary>
public readonly record struct FetchProgress(string File, long Bytes, long? Total);

/// <summary>
/// Downloads the files of a set into raw/NAME of the cache folder. What arrived before an interruption is kept beside as
/// FILE.part and continued; a file takes its name only when its SHA-256 is the published one.
/// </summary>
public sealed class DatasetFetch(HttpClient client, DatasetFolders folders)
{
    private const int Attempts = 4, Block = 1 << 16;
    private const long LargestFile = 1L << 32;

    /// <summary>Downloads what is not there yet and returns the folder.</summary>
    /// <exception cref="DataFormatException">No mirror gave a file with the right checksum; the message names the file and where to put it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; what arrived is kept.</exception>
    public async Task<string> FetchAsync(DownloadableSet set, Action<FetchProgress>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        string folder = Path.Combine(folders.Cache, "raw", set.Name);
        Directory.CreateDirectory(folder);
        foreach (var file in set.Files)
        {
            string target = Path.Combine(folder, file.Name);
            if (File.Exists(target) && await HashAsync(target, cancellation).ConfigureAwait(false) == file.Sha256) continue;
            await FetchFileAsync(file, target, report, cancellation).ConfigureAwait(false);
        }
        return folder;
    }

    private async Task FetchFileAsync(DownloadFile file, string target, Action<FetchProgress>? report, CancellationToken cancellation)
    {
        string part = target + ".part";
        var failures = new List<string>();
        foreach (var mirror in file.Mirrors)
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                bool resumed = File.Exists(part) && new FileInfo(part).Length > 0;
                try
                {
                    await DownloadAsync(mirror, file.Name, part, report, cancellation).ConfigureAwait(false);
                }
                catch (Exception problem) when (problem is HttpRequestException or IOException || problem is TaskCanceledException && !cancellation.IsCancellationRequested)
                {
                    failures.Add($"{mirror}: {problem.Message.TrimEnd('.')}");
                    if (problem is HttpRequestException { StatusCode: not null and not HttpStatusCode.RequestedRangeNotSatisfiable and < HttpStatusCode.InternalServerError }) break;
                    continue;
                }
                string hash = await HashAsync(part, cancellation).ConfigureAwait(false);
                if (hash == file.Sha256)
                {
                    File.Move(part, target, overwrite: true);
                    return;
                }
                failures.Add($"{mirror}: SHA-256 {hash} instead of {file.Sha256}");
                File.Delete(part);
                // A part of an older version may have spoilt it; a whole wrong file stays wrong.
                if (!resumed) break;
            }
        throw new DataFormatException(target, "", $"the file could not be fetched ({failures[^1]})",
            $"SHA-256 {file.Sha256}; get it from {file.Mirrors[0]} and put it there");
    }

    private async Task DownloadAsync(Uri mirror, string name, string part, Action<FetchProgress>? report, CancellationToken cancellation)
    {
        using var output = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        long have = output.Length;
        using var request = new HttpRequestMessage(HttpMethod.Get, mirror);
        if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        // A server that cannot continue there sends all of it, or refuses; either way what is here is of no use.
        if (!continues) output.SetLength(0);
        response.EnsureSuccessStatusCode();
        if (response.StatusCode == HttpStatusCode.PartialContent && !continues) throw new IOException("the server sent another part than was asked for");
        long done = continues ? have : 0;
        long? total = done + response.Content.Headers.ContentLength;
        output.Position = done;
        using var input = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[Block];
        for (int read; (read = await input.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            done += read;
            if (done > LargestFile) throw new IOException($"the server sent more than {LargestFile} bytes");
            await output.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
            report?.Invoke(new FetchProgress(name, done, total));
        }
        output.Flush(flushToDisk: true);
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellation)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false));
    }
}
