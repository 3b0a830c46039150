using Weft.Memory;

namespace Weft.Communication;

/// <summary>A buffer cut in one piece for each member of a group: how many entries each has.</summary>
internal sealed class Pieces(int members)
{
    private readonly long[] counts = new long[members];

    /// <summary>Entries of the piece of one member.</summary>
    public long this[int member] => counts[member];

    /// <summary>Takes the sizes from a caller and sees that they fit the buffer.</summary>
    /// <returns>What is wrong with them, or null.</returns>
    public string? Set(ReadOnlySpan<int> sizes, long length, string what)
    {
        if (sizes.Length != counts.Length) return $"{sizes.Length} counts for a group of {counts.Length}";
        for (int q = 0; q < sizes.Length; q++) counts[q] = sizes[q];
        return Problem(length, what);
    }

    /// <inheritdoc cref="Set(ReadOnlySpan{int}, long, string)"/>
    public string? Set(ReadOnlySpan<long> sizes, long length, string what)
    {
        if (sizes.Length != counts.Length) return $"{sizes.Length} counts for a group of {counts.Length}";
        sizes.CopyTo(counts);
        return Problem(length, what);
    }

    /// <summary>Pieces as equal as can be, the remainder to the first.</summary>
    public void SetBalanced(long entries)
    {
        for (int q = 0; q < counts.Length; q++) counts[q] = Balanced(entries, counts.Length, q);
    }

    /// <summary>All pieces have the same size.</summary>
    public void SetEqual(long entries) => Array.Fill(counts, entries);

    /// <summary>Size of piece <paramref name="at"/> of <paramref name="entries"/> cut as equally as can be, the remainder to the first.</summary>
    public static long Balanced(long entries, int pieces, int at) => entries / pieces + (at < entries % pieces ? 1 : 0);

    /// <summary>What is communicated lies in one run of memory.</summary>
    /// <exception cref="ArgumentException">The matrix is some columns of another.</exception>
    public static void CheckContiguous(Matrix matrix)
    {
        if (!matrix.IsContiguous)
            throw new ArgumentException($"{matrix} is some columns of a matrix with {matrix.Stride} columns; what is communicated is contiguous: copy it first");
    }

    private string? Problem(long length, string what)
    {
        long total = 0;
        foreach (long count in counts)
        {
            if (count < 0) return $"a count is {count}";
            total += count;
        }
        return total == length ? null : $"the counts {what} add up to {total}, the buffer holds {length}";
    }
}
