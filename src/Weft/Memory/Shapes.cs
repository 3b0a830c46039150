namespace Weft.Memory;

/// <summary>Shape checks at the public boundary: the message names both shapes.</summary>
internal static class Shapes
{
    public static void Same(Matrix a, Matrix b, string nameOfA, string nameOfB)
    {
        if (a.Rows != b.Rows || a.Columns != b.Columns)
            throw new ArgumentException($"{nameOfA} is {a} and {nameOfB} is {b}; they must have the same shape");
    }

    public static void Are(Matrix matrix, long rows, long columns, string name)
    {
        if (matrix.Rows != rows || matrix.Columns != columns)
            throw new ArgumentException($"{name} is {matrix}; [{rows}, {columns}] was expected");
    }
}
