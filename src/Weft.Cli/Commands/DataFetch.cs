using System.CommandLine;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data fetch</c>: a public set from its public home.</summary>
internal static class DataFetch
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "A set that can be fetched (weft data list)" };
        var verb = new Verb("fetch", "Download a public set into your cache folder and check its SHA-256. What arrived before an interruption is kept and continued.",
            "weft data fetch cora",
            "weft data fetch minesweeper")
        {
            name,
        };
        verb.Does((parsed, cancellation) =>
        {
            string wanted = parsed.GetRequiredValue(name);
            var terminal = Terminal.Of(parsed);
            if (Downloads.Find(wanted) is { } set)
            {
                using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
                Fetch(set, client, DatasetFolders.Default, terminal, cancellation);
                return 0;
            }
            // The catalog knows what to say of a set that cannot be fetched.
            var dataset = DatasetCatalog.Open(wanted, fetch: false, cancellation: cancellation);
            terminal.Say($"{dataset.Name} is here already: nothing to fetch");
            return 0;
        });
        return verb;
    }

    /// <summary>Opens a set for a verb: one that must be downloaded first shows its progress.</summary>
    public static Dataset Open(string nameOrPath, Terminal terminal, CancellationToken cancellation)
    {
        using var view = new FetchView(terminal);
        try
        {
            return DatasetCatalog.Open(nameOrPath, report: view.Show, cancellation: cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            view.Dispose();
            terminal.Say("interrupted; what arrived is kept: the same command goes on from there");
            throw;
        }
    }

    /// <summary>Downloads what is missing of a set and says where it is.</summary>
    internal static void Fetch(DownloadableSet set, HttpClient client, DatasetFolders folders, Terminal terminal, CancellationToken cancellation)
    {
        string folder;
        using (var view = new FetchView(terminal))
        {
            try
            {
                folder = Task.Run(() => new DatasetFetch(client, folders).FetchAsync(set, view.Show, cancellation), CancellationToken.None).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                view.Dispose();
                terminal.Say($"interrupted; what arrived is kept: weft data fetch {set.Name} goes on from there");
                throw;
            }
        }
        terminal.Say($"{set.Name} ({set.Source}) is in {folder}, checksums right");
    }
}
