using Weft.Communication;
using Weft.Distributed;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>What it cost to share a graph among processes, for the summary.</summary>
/// <param name="Processes">P</param>
/// <param name="Grid">How they shared it.</param>
/// <param name="WordsReceived">Words that the busiest process received in the layers of one training epoch.</param>
/// <param name="WordsPredicted">What the closed formulas say of it; null where they do not count the way in which sums were made.</param>
/// <param name="CommunicationMilliseconds">Median time that the first process spent communicating in an epoch's training step, waiting included.</param>
internal sealed record Sharing(int Processes, string Grid, long WordsReceived, long? WordsPredicted, double CommunicationMilliseconds)
{
    /// <summary>Of a run that has ended. A collective call.</summary>
    public static Sharing? Of(Team team, Trainer trainer, IReadOnlyList<Traffic> epochs)
    {
        if (trainer.Data.Share is not { } share) return null;
        // The first epoch also sums up constant features, once.
        long? predicted = PredictedWords.Of(trainer.Data, trainer.Model);
        Span<long> words = [epochs.Count == 0 ? 0 : epochs[^1].Words, predicted ?? 0];
        team.World.AllReduce(words, Reduction.Max);
        double[] seconds = [.. epochs.Select(e => e.Seconds).Order()];
        return new Sharing(team.World.Size, GridName.Of(share.Grid), words[0], predicted is null ? null : words[1], seconds.Length == 0 ? double.NaN : 1000 * seconds[seconds.Length / 2]);
    }
}
