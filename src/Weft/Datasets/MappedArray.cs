using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Weft.Datasets;

/// <summary>
/// The entries of a .npy file as memory: the system reads the pages that are touched and lets go of them when it needs room.
/// Any number of threads may read at once.
/// </summary>
internal sealed unsafe partial class MappedArray : IDisposable
{
    private const int RandomAdvice = 1, WillNeedAdvice = 3;
    private readonly NpySlices slices;
    private readonly SafeFileHandle file;
    private readonly long start, fileLength;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* entries;
    private long count;

    /// <summary>Maps a file that is open and whose header and length were checked.</summary>
    public MappedArray(NpySlices slices, SafeFileHandle file, long start, bool atRandom)
    {
        (this.slices, this.file, this.start) = (slices, file, start);
        fileLength = start + slices.Header.Count * NpyTypes.Size(slices.Header.Type);
        try
        {
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, fileLength, MemoryMappedFileAccess.Read);
        }
        catch (IOException problem)
        {
            map?.Dispose();
            throw new IOException($"{slices.Error("a file that cannot be mapped into memory", "room for it in the address space (ulimit -v)").Message}: {problem.Message}", problem);
        }
        byte* first = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        entries = first + view.PointerOffset + start;
        count = slices.Header.Count;
        if (atRandom) Advise(0, fileLength - start, RandomAdvice);
    }

    /// <summary>Type of the entries.</summary>
    public NpyType Type => slices.Header.Type;

    /// <summary>Number of entries; none once it is disposed, so that a late reader gets an error and not a page that is gone.</summary>
    public long Count => count;

    /// <summary>Entry p of a file of integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Integer(long p) => Type == NpyType.I32 ? Unsafe.ReadUnaligned<int>(At(p, sizeof(int))) : Unsafe.ReadUnaligned<long>(At(p, sizeof(long)));

    /// <summary>Entry p of a file of floating-point numbers, as it is stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Number(long p) => Type == NpyType.F32 ? Unsafe.ReadUnaligned<float>(At(p, sizeof(float))) : Unsafe.ReadUnaligned<double>(At(p, sizeof(double)));

    /// <summary>Copies entries first … of a file of floating-point numbers, rounded to this library's precision.</summary>
    /// <exception cref="DataFormatException">One of them is not finite.</exception>
    public void Reals(long first, Span<Real> into)
    {
        Check(first, into.Length);
        int size = NpyTypes.Size(Type);
        if (size == sizeof(Real)) new ReadOnlySpan<byte>(entries + first * size, into.Length * size).CopyTo(MemoryMarshal.AsBytes(into));
        else
            for (int j = 0; j < into.Length; j++) into[j] = (Real)Number(first + j);
        if (AllFinite(into)) return;
        for (int j = 0; j < into.Length; j++)
            if (!Real.IsFinite(into[j])) throw slices.Error($"value {into[j]}", "a finite number", Place(first + j));
    }

    // Zero times an infinity or NaN is NaN: one pass without a branch for each entry.
    private static bool AllFinite(ReadOnlySpan<Real> values)
    {
        var sum = Vector<Real>.Zero;
        int j = 0;
        for (; j <= values.Length - Vector<Real>.Count; j += Vector<Real>.Count) sum += new Vector<Real>(values[j..]) * Vector<Real>.Zero;
        Real rest = Vector.Sum(sum);
        for (; j < values.Length; j++) rest += values[j] * 0;
        return rest == 0;
    }

    /// <summary>Tells the system that entries will be read soon: it begins to read their pages, many at once, and does not wait.</summary>
    public void WillNeed(long first, long count)
    {
        int size = NpyTypes.Size(Type);
        Advise(first * size, count * size, WillNeedAdvice);
    }

    /// <summary>
    /// Refuses a file that is shorter than it was. Reading a mapped page that is no longer there ends the process, so this is
    /// asked before many reads.
    /// </summary>
    /// <exception cref="DataFormatException">It was cut off while it was in use.</exception>
    public void CheckLength()
    {
        long length = RandomAccess.GetLength(file);
        if (length < fileLength) throw slices.Error($"{length} bytes where there were {fileLength}", "a file that stays as it is while it is in use");
    }

    /// <summary>An error at an entry.</summary>
    public DataFormatException Error(string found, string expected, long p) => slices.Error(found, expected, Place(p));

    public void Dispose()
    {
        count = 0;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* At(long p, int size)
    {
        Check(p, 1);
        return entries + p * size;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(long first, long count)
    {
        if ((ulong)first > (ulong)this.count || count > this.count - first) ThrowOutside(first, count);
    }

    private void ThrowOutside(long first, long count) => throw slices.Error($"{Count} entries", $"entries {first} … {first + count - 1}");

    private string Place(long p) => slices.Header.Shape.Length == 2 ? $"[{p / slices.Columns}, {p % slices.Columns}]" : $"[{p}]";

    // Advice only saves time: where there is no such call, or it is refused, nothing is lost.
    private void Advise(long firstByte, long bytes, int advice)
    {
        if (!OperatingSystem.IsLinux() || bytes <= 0) return;
        nuint from = (nuint)(entries + firstByte) & ~(nuint)(Environment.SystemPageSize - 1);
        _ = NativeAdvise((void*)from, (nuint)(entries + firstByte + bytes) - from, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int NativeAdvise(void* address, nuint length, int advice);
}
