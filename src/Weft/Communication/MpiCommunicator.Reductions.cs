using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Communication.Mpi;
using Weft.Memory;

namespace Weft.Communication;

// Sums over processes: pieces to those who add them in rank order, and back; or the library's own.
public sealed unsafe partial class MpiCommunicator
{
    // Below, one gathering of everything is quicker than two steps; every member then adds all of it, in the same order.
    private const int FewBytes = 1024;
    private readonly ReusedMemory scratch = new();

    /// <summary>Entries that are reduced at a time: no operation can count more in one call. Tests lower it.</summary>
    internal static long LargestReduction { get; set; } = 1L << 30;

    /// <inheritdoc/>
    public void AllReduce<T>(Span<T> data, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        fixed (T* entries = data) AllReduce(entries, data.Length, reduction);
    }

    /// <inheritdoc/>
    public void AllReduce(Matrix data, Reduction reduction)
    {
        Pieces.CheckContiguous(data);
        AllReduce(data.Data, data.Count, reduction);
        data.KeepAlive();
    }

    /// <inheritdoc/>
    public void ReduceScatter(Matrix sums, ReadOnlySpan<long> counts, Matrix mine)
    {
        Pieces.CheckContiguous(sums);
        Pieces.CheckContiguous(mine);
        Check("ReduceScatter", sent.Set(counts, sums.Count, "of the sum"));
        if (mine.Count != counts[Rank]) throw new ArgumentException($"ReduceScatter: this member takes {mine.Count} entries, and its own count says {counts[Rank]}");
        if (reductions == Reductions.Fast && sums.Count <= LargestReduction)
        {
            LibraryReduceScatter(sums.Data, mine.Data);
        }
        else
        {
            FoldPieces(sums.Data, mine.Data, mine.Count, Reduction.Sum, nameof(ReduceScatter));
        }
        sums.KeepAlive();
        mine.KeepAlive();
    }

    private void AllReduce<T>(T* data, long length, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        CheckUse();
        do
        {
            long count = Math.Min(length, LargestReduction);
            if (reductions == Reductions.Fast && NumberType<T>() != 0) LibraryReduce(data, (int)count, reduction);
            else if (count * sizeof(T) <= FewBytes) GatherAndFold(data, count, reduction);
            else FoldPiecesAndGather(data, count, reduction);
            data += count;
            length -= count;
        }
        while (length > 0);
    }

    // Open MPI's reductions that do not block collect everything at one member: on four hosts, two and a half times the words
    // of the formula arrive there. Its blocking ones do not, and give the processor away; those of MPICH do neither.
    private void LibraryReduce<T>(T* data, int count, Reduction reduction)
        where T : unmanaged
    {
        nint operation = reduction switch { Reduction.Sum => mpi.Abi.Sum, Reduction.Max => mpi.Abi.Max, _ => mpi.Abi.Min };
        if (mpi.Abi.IsOpenMpi)
        {
            MpiProcess.Check(MpiImports.MPI_Allreduce(mpi.Abi.InPlace, Any(data), count, NumberType<T>(), operation, handle));
            return;
        }
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Iallreduce(mpi.Abi.InPlace, Any(data), count, NumberType<T>(), operation, handle, &request));
        Complete(request, nameof(AllReduce));
    }

    // The sizes of the pieces are in "sent".
    private void LibraryReduceScatter(Real* sums, Real* mine)
    {
        CheckUse();
        sentLayout.Set(sent, sizeof(Real));
        if (mpi.Abi.IsOpenMpi)
        {
            MpiProcess.Check(MpiImports.MPI_Reduce_scatter(Any(sums), Any(mine), sentLayout.Counts, NumberType<Real>(), mpi.Abi.Sum, handle));
            return;
        }
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Ireduce_scatter(Any(sums), Any(mine), sentLayout.Counts, NumberType<Real>(), mpi.Abi.Sum, handle, &request));
        Complete(request, nameof(ReduceScatter));
    }

    private void GatherAndFold<T>(T* data, long count, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        received.SetEqual(count);
        T* all = (T*)scratch.Take(Math.Max(64, Size * count * sizeof(T)));
        AllGather(data, count, all, sizeof(T));
        NativeMemory.Copy(all, data, (nuint)(count * sizeof(T)));
        for (int q = 1; q < Size; q++) Fold.Into(data, all + q * count, count, reduction);
    }

    private void FoldPiecesAndGather<T>(T* data, long count, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        sent.SetBalanced(count);
        long first = 0;
        for (int q = 0; q < Rank; q++) first += sent[q];
        FoldPieces(data, data + first, sent[Rank], reduction, nameof(AllReduce));
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Iallgatherv(mpi.Abi.InPlace, 0, sentLayout.Type,
            data, sentLayout.Counts, sentLayout.Displacements, sentLayout.Type, handle, &request));
        Complete(request, nameof(AllReduce));
    }

    // Everyone's piece for this member, sizes in "sent", comes here and is added up in rank order; "mine" may be where it was cut.
    private void FoldPieces<T>(T* data, T* mine, long count, Reduction reduction, string operation)
        where T : unmanaged, INumber<T>
    {
        received.SetEqual(count);
        T* pieces = (T*)scratch.Take(Math.Max(64, Size * count * sizeof(T)));
        AllToAll(data, pieces, sizeof(T), operation);
        NativeMemory.Copy(pieces, mine, (nuint)(count * sizeof(T)));
        for (int q = 1; q < Size; q++) Fold.Into(mine, pieces + q * count, count, reduction);
    }

    // 0 for numbers that the library is not asked to add.
    private nint NumberType<T>() =>
        typeof(T) == typeof(float) ? mpi.Abi.Float
        : typeof(T) == typeof(double) ? mpi.Abi.Double
        : typeof(T) == typeof(int) ? mpi.Abi.Int32
        : typeof(T) == typeof(long) ? mpi.Abi.Int64
        : 0;
}
