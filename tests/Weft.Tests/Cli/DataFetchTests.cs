using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Weft.Cli.Commands;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class DataFetchTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7 / 3))];

    /// <summary>A server that gives the content from where it is asked to, and calls back before each piece.</summary>
    private sealed class PieceServer(Action<long> beforePiece) : HttpMessageHandler
    {
        public List<long> Starts { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            long from = request.Headers.Range?.Ranges.Single().From ?? 0;
            Starts.Add(from);
            var content = new StreamContent(new Pieces(Content[(int)from..], read => beforePiece(from + read)));
            content.Headers.ContentLength = Content.Length - from;
            if (from > 0) content.Headers.ContentRange = new(from, Content.Length - 1, Content.Length);
            return Task.FromResult(new HttpResponseMessage(from > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK) { Content = content });
        }
    }

    private sealed class Pieces(byte[] bytes, Action<long> before) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            before(Position);
            cancellationToken.ThrowIfCancellationRequested();
            return await base.ReadAsync(buffer[..Math.Min(buffer.Length, 10_000)], cancellationToken);
        }
    }

    private static string Fetch(TemporaryFolder folder, PieceServer server, CancellationToken cancellation)
    {
        using var output = new StringWriter();
        var parsed = Root.Create().Parse(["data", "list"]);
        parsed.InvocationConfiguration.Output = output;
        using var client = new HttpClient(server, disposeHandler: false);
        var set = new DownloadableSet("local", "made here", [new("data.bin", Convert.ToHexStringLower(SHA256.HashData(Content)), [new Uri("http://localhost/data.bin")])]);
        try
        {
            DataFetch.Fetch(set, client, new DatasetFolders(null, folder.Path), Terminal.Of(parsed), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.WriteLine("cancelled");
        }
        return output.ToString();
    }

    [Fact]
    public void An_interrupted_download_says_so_and_the_next_one_goes_on_from_there()
    {
        using var folder = new TemporaryFolder();
        using var interrupt = new CancellationTokenSource();
        using var server = new PieceServer(at =>
        {
            if (at >= 80_000) interrupt.Cancel();
        });
        string first = Fetch(folder, server, interrupt.Token);
        Assert.Contains("interrupted; what arrived is kept: weft data fetch local goes on from there", first, StringComparison.Ordinal);
        Assert.EndsWith("cancelled", first.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(80_000, new FileInfo(folder.File("raw/local/data.bin.part")).Length);

        string second = Fetch(folder, server, CancellationToken.None);
        Assert.Contains("fetching data.bin, 0.2 MB", second, StringComparison.Ordinal);
        Assert.Contains("checksums right", second, StringComparison.Ordinal);
        Assert.Equal([0, 80_000], server.Starts);
        Assert.Equal(Content, File.ReadAllBytes(folder.File("raw/local/data.bin")));
        Assert.Single(Directory.GetFiles(folder.File("raw/local")));
    }

    [Fact]
    public void A_set_that_is_not_whole_yet_is_not_found_by_name()
    {
        using var folder = new TemporaryFolder();
        var folders = new DatasetFolders(null, folder.Path);
        Directory.CreateDirectory(folder.File("raw/minesweeper"));
        File.WriteAllText(folder.File("raw/minesweeper/minesweeper.npz.part"), "begun");
        Assert.Null(DatasetCatalog.Find("minesweeper", folders));
        File.Move(folder.File("raw/minesweeper/minesweeper.npz.part"), folder.File("raw/minesweeper/minesweeper.npz"));
        Assert.Equal(folder.File("raw/minesweeper"), DatasetCatalog.Find("minesweeper", folders));
    }
}
