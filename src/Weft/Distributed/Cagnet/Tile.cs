namespace Weft.Distributed.Cagnet;

/// <summary>The rectangle of a node matrix that a process owns.</summary>
/// <param name="FirstRow">First node.</param>
/// <param name="Rows">Number of nodes.</param>
/// <param name="FirstColumn">First feature.</param>
/// <param name="Columns">Number of features; 0 where there are fewer features than pieces.</param>
internal readonly record struct Tile(long FirstRow, long Rows, long FirstColumn, long Columns)
{
    /// <summary>Rows · Columns.</summary>
    public long Count => Rows * Columns;
}
