using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class DatasetFetchTests
{
    /// <summary>A server on this machine that can break off, lie, and continue where it was asked to.</summary>
    private sealed class LocalServer : IDisposable
    {
        private readonly HttpListener listener = new();
        public readonly List<string> Requests = [];
        public readonly byte[] Content = new byte[300_000];
        public readonly Uri Home;
        private bool brokeOff;

        public LocalServer()
        {
            new Random(5).NextBytes(Content);
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Home = new Uri($"http://localhost:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            }
            listener.Prefixes.Add(Home.ToString());
            listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Content));

        public DownloadableSet Set(params string[] mirrors) => new("local", "here", [new("data.bin", Sha256, [.. mirrors.Select(m => new Uri(Home, m))])]);

        private async Task ServeAsync()
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception problem) when (problem is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                string range = context.Request.Headers["Range"] ?? "";
                Requests.Add($"{context.Request.Url!.AbsolutePath} {range}".Trim());
                Answer(context, range);
            }
        }

        private void Answer(HttpListenerContext context, string range)
        {
            var response = context.Response;
            string path = context.Request.Url!.AbsolutePath;
            int from = range.Length > 0 && path != "/ignores-range" ? int.Parse(range["bytes=".Length..^1]) : 0;
            if (path == "/missing" || from > Content.Length)
            {
                response.StatusCode = path == "/missing" ? 404 : 416;
                response.Close();
                return;
            }
            byte[] body = path == "/wrong" ? new byte[1000] : Content[from..];
            response.ContentLength64 = body.Length;
            if (from > 0)
            {
                response.StatusCode = 206;
                response.Headers["Content-Range"] = $"bytes {from}-{Content.Length - 1}/{Content.Length}";
            }
            bool breaksOff = path == "/breaks" && !brokeOff;
            brokeOff |= breaksOff;
            response.OutputStream.Write(body, 0, breaksOff ? 100_000 : body.Length);
            response.OutputStream.Flush();
            if (breaksOff) response.Abort();
            else response.Close();
        }

        public void Dispose() => listener.Close();
    }

    private static async Task<string> FetchAsync(TemporaryFolder folder, DownloadableSet set, Action<FetchProgress>? report = null, CancellationToken cancellation = default)
    {
        using var client = new HttpClient();
        return await new DatasetFetch(client, new DatasetFolders(null, folder.Path)).FetchAsync(set, report, cancellation);
    }

    [Fact]
    public async Task A_file_arrives_whole_and_is_not_fetched_twice()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer();
        var last = default(FetchProgress);
        string there = await FetchAsync(folder, server.Set("good"), p => last = p);
        Assert.Equal(folder["raw/local"], there);
        Assert.Equal(server.Content, File.ReadAllBytes(Path.Combine(there, "data.bin")));
        Assert.Equal(new FetchProgress("data.bin", 300_000, 300_000), last);
        await FetchAsync(folder, server.Set("good"));
        Assert.Equal(["/good"], server.Requests);
        Assert.Single(Directory.GetFiles(there));
    }

    [Fact]
    public async Task A_download_that_breaks_off_goes_on_where_it_stopped()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer();
        string there = await FetchAsync(folder, server.Set("breaks"));
        Assert.Equal(server.Content, File.ReadAllBytes(Path.Combine(there, "data.bin")));
        Assert.Equal(2, server.Requests.Count);
        Assert.StartsWith("/breaks bytes=", server.Requests[1]);
    }

    [Fact]
    public async Task A_cancelled_download_keeps_what_arrived_and_the_next_call_asks_for_the_rest()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer();
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FetchAsync(folder, server.Set("good"), _ => cancel.Cancel(), cancel.Token));
        long kept = new FileInfo(folder["raw/local/data.bin.part"]).Length;
        Assert.InRange(kept, 1, 299_999);
        await FetchAsync(folder, server.Set("good"));
        Assert.Equal($"/good bytes={kept}-", server.Requests[1]);
        Assert.Equal(server.Content, File.ReadAllBytes(folder["raw/local/data.bin"]));
    }

    [Fact]
    public async Task A_wrong_file_is_refused_and_the_next_mirror_tried()
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer();
        var problem = await Assert.ThrowsAsync<DataFormatException>(() => FetchAsync(folder, server.Set("wrong")));
        Assert.Contains(server.Sha256, problem.Message);
        Assert.Contains("data.bin", problem.Message);
        Assert.Empty(Directory.GetFiles(folder["raw/local"]));
        await FetchAsync(folder, server.Set("wrong", "missing", "good"));
        Assert.Equal(server.Content, File.ReadAllBytes(folder["raw/local/data.bin"]));
    }

    [Theory]
    [InlineData("ignores-range", 1000)]
    [InlineData("good", 1000)]
    [InlineData("good", 400_000)]
    public async Task A_part_of_another_file_is_thrown_away(string mirror, int length)
    {
        using var folder = new TemporaryFolder();
        using var server = new LocalServer();
        Directory.CreateDirectory(folder["raw/local"]);
        File.WriteAllBytes(folder["raw/local/data.bin.part"], new byte[length]);
        await FetchAsync(folder, server.Set(mirror));
        Assert.Equal(server.Content, File.ReadAllBytes(folder["raw/local/data.bin"]));
    }

    [Fact]
    public async Task Without_a_server_the_error_names_the_file_and_where_to_put_it()
    {
        using var folder = new TemporaryFolder();
        DownloadableSet set;
        using (var server = new LocalServer()) set = server.Set("good");
        var problem = await Assert.ThrowsAsync<DataFormatException>(() => FetchAsync(folder, set));
        Assert.Contains(folder["raw/local/data.bin"], problem.Message);
        Assert.Contains("put it there", problem.Message);
    }

    [Fact]
    public void The_checksums_of_the_list_are_those_of_the_real_files()
    {
        foreach (var set in Downloads.Sets)
            foreach (var file in set.Files)
            {
                Assert.Equal(64, file.Sha256.Length);
                if (RealData.Find($"raw/{set.Name}/{file.Name}") is { } path) Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
            }
    }
}
