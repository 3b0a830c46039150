using System.CommandLine;
using Weft.Cli.Display;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft data split-links</c>: the edges of a set parted for link prediction, as files.</summary>
internal static class DataSplitLinks
{
    public static Command Create()
    {
        var input = new Argument<string>("DATASET") { Description = "A name (weft data list), a file or a folder" };
        var output = Ask.Word("--out", "The folder [DATASET-links]", "DIR");
        var seed = Ask.SeedIfGiven("--seed", "Seed of the split and its negatives [0]");
        var undirected = Ask.Switch("--undirected", "Add the missing reverse of each edge");
        var transpose = Ask.Switch("--transpose", "Turn all edges round");
        // Negatives of training are drawn in each epoch and are in no file.
        var settings = LinkOptions.All.Where(o => !LinkOptions.OfTraining.Contains(o.Option.Name)).ToArray();
        var verb = new Verb("split-links", "Part the edges of a set for link prediction: the edges that messages flow along without any trace of the held-out ones, and the links of each part with pairs that are none, as CSV.",
            "weft data split-links cora --out cora-links/",
            "weft data split-links web.mtx --directed-links --link-split 80/10/10",
            "weft data check-leakage cora-links/")
        {
            input, output, seed, undirected, transpose,
        };
        foreach (var (option, _) in settings) verb.Options.Add(option);
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed);
            string name = parsed.GetRequiredValue(input);
            string target = parsed.GetValue(output) ?? $"{Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(name))}-links{Path.DirectorySeparatorChar}";
            if (File.Exists(target)) throw new UsageException($"--out is '{target}', a file: expected a folder");
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !LinkFolder.Is(target))
                throw new UsageException($"--out is '{target}', a folder with other files in it: expected a new or an empty one");
            var links = new LinkSettings();
            foreach (var (option, apply) in settings)
                if (parsed.GetResult(option) is { Implicit: false }) links = apply(parsed, links);
            var dataset = DataFetch.Open(name, terminal, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var parted = LinkData.Of(dataset, new DataSettings { Undirected = parsed.GetValue(undirected), Transpose = parsed.GetValue(transpose), Links = links }, parsed.GetValue(seed) ?? 0);
            cancellation.ThrowIfCancellationRequested();
            LinkFolder.Write(target, dataset, parted);
            terminal.Say(FormattableString.Invariant($"{dataset.Name}, {parted.Split.Name}: {parted.Split.Message.Count:N0} edges for messages; {parted.Split.Train.Count:N0} links for training, {parted.Split.Validation.Count:N0} for validation, {parted.Split.Test.Count:N0} for test"));
            terminal.Say($"written to {target}");
            return 0;
        });
        return verb;
    }
}
