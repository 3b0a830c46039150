namespace Weft.Distributed.Words;

/// <summary>What one process receives in one layer of one training step.</summary>
/// <param name="ForwardWords">Values of the library's precision in the forward pass.</param>
/// <param name="BackwardWords">Values in the backward pass, the reduction of the weights' gradients included.</param>
/// <param name="ForwardMessages">Messages, one after another, that a model of latency counts in the forward pass.</param>
/// <param name="BackwardMessages">Messages of the backward pass.</param>
internal readonly record struct LayerTraffic(long ForwardWords, long BackwardWords, long ForwardMessages, long BackwardMessages)
{
    /// <summary>Words of both passes.</summary>
    public long Words => ForwardWords + BackwardWords;

    /// <summary>Messages of both passes.</summary>
    public long Messages => ForwardMessages + BackwardMessages;

    /// <summary>Both together: two layers, or two steps.</summary>
    public static LayerTraffic operator +(LayerTraffic a, LayerTraffic b) =>
        new(a.ForwardWords + b.ForwardWords, a.BackwardWords + b.BackwardWords, a.ForwardMessages + b.ForwardMessages, a.BackwardMessages + b.BackwardMessages);
}

/// <summary>The same words and messages of both passes, by the group that they travel in.</summary>
/// <param name="Row">Within a row of the grid.</param>
/// <param name="Column">Within a column.</param>
/// <param name="World">Among all processes.</param>
internal readonly record struct GroupTraffic((long Words, long Messages) Row, (long Words, long Messages) Column, (long Words, long Messages) World)
{
    public long Words => Row.Words + Column.Words + World.Words;

    public long Messages => Row.Messages + Column.Messages + World.Messages;

    public static GroupTraffic operator +(GroupTraffic a, GroupTraffic b) => new(
        (a.Row.Words + b.Row.Words, a.Row.Messages + b.Row.Messages),
        (a.Column.Words + b.Column.Words, a.Column.Messages + b.Column.Messages),
        (a.World.Words + b.World.Words, a.World.Messages + b.World.Messages));
}
