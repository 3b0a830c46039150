namespace Weft.Training;

/// <summary>What sampling has done and cost so far. Times are milliseconds.</summary>
/// <param name="Batches">Batches trained on.</param>
/// <param name="Nodes">Nodes whose features they read.</param>
/// <param name="Edges">Edges of all their blocks.</param>
/// <param name="DrawnFor">What drawing and gathering them took, on all workers together.</param>
/// <param name="WaitedFor">How long training waited for a batch that was not yet drawn.</param>
/// <param name="TrainedFor">Waiting, forward, loss and backward.</param>
public readonly record struct SamplingFigures(long Batches, long Nodes, long Edges, double DrawnFor, double WaitedFor, double TrainedFor)
{
    /// <summary>Share of the work, on all threads, that drawing and gathering is: drawn / (drawn + trained − waited).</summary>
    public double Share => DrawnFor / (DrawnFor + TrainedFor - WaitedFor);

    /// <summary>Share of training's time that it waited.</summary>
    public double WaitShare => WaitedFor / TrainedFor;

    /// <summary>What came after <paramref name="before"/>.</summary>
    public SamplingFigures Since(SamplingFigures before) => new(Batches - before.Batches, Nodes - before.Nodes, Edges - before.Edges,
        DrawnFor - before.DrawnFor, WaitedFor - before.WaitedFor, TrainedFor - before.TrainedFor);

    internal SamplingFigures With(long nodes, long edges, double drawn, double waited, double trained) =>
        new(Batches + 1, Nodes + nodes, Edges + edges, DrawnFor + drawn, WaitedFor + waited, TrainedFor + trained);
}
