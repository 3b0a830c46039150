using System.Runtime.InteropServices;

namespace Weft.Communication.Mpi;

/// <summary>
/// The pieces of a buffer as MPI wants them: 32-bit counts and displacements, in native memory that lasts as long as the
/// operation. Where entries are too many for 32 bits, they are counted in larger units that divide every piece, usually rows.
/// </summary>
internal sealed unsafe class MpiLayout(MpiProcess mpi, int members)
{
    private readonly int* memory = (int*)NativeMemory.Alloc((nuint)Math.Max(1, members), 2 * sizeof(int));

    ~MpiLayout() => NativeMemory.Free(memory);

    /// <summary>The largest count, and displacement, that MPI takes. Tests lower it.</summary>
    public static long Largest { get; set; } = int.MaxValue;

    public int* Counts => memory;

    public int* Displacements => memory + members;

    /// <summary>The type in which the counts count.</summary>
    public nint Type { get; private set; }

    /// <param name="pieces">Entries of each piece; they lie one after another.</param>
    /// <param name="width">Bytes of an entry.</param>
    /// <exception cref="InvalidOperationException">No unit is large enough.</exception>
    public void Set(Pieces pieces, int width)
    {
        long total = 0, unit = 1;
        for (int q = 0; q < members; q++) total += pieces[q];
        if (total > Largest)
        {
            unit = 0;
            for (int q = 0; q < members; q++) unit = CommonDivisor(unit, pieces[q]);
            if (total / unit > Largest || unit > int.MaxValue)
                throw new InvalidOperationException($"{total} entries in pieces whose sizes have the common divisor {unit} are more than MPI can count: cut them at rows");
        }
        long at = 0;
        for (int q = 0; q < members; q++)
        {
            (Counts[q], Displacements[q]) = ((int)(pieces[q] / unit), (int)(at / unit));
            at += pieces[q];
        }
        Type = mpi.TypeOf(width, unit);
    }

    private static long CommonDivisor(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
