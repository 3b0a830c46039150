using System.Globalization;
using System.Runtime.InteropServices;

namespace Weft.Memory;

/// <summary>
/// One block of native memory, 64-byte aligned and zeroed, freed when no view of it is left. After the last entry there is a
/// vector's worth of zeros: a kernel may read past the end of a matrix, up to <see cref="Slack"/> bytes, and must never write there.
/// </summary>
/// <remarks>
/// Blocks of 2 MiB and more start at a multiple of 2 MiB and ask for huge pages, which spares the address translation most of
/// its misses where rows are gathered at random. Fresh memory from the system is zero already and is not touched here: it
/// becomes resident where and when a kernel first writes to it.
/// </remarks>
internal sealed unsafe class AlignedMemory
{
    /// <summary>Bytes that may be read after the last entry: one vector of 512 bits.</summary>
    public const int Slack = 64;
    private const long HugePage = 1 << 21;

    public readonly Real* Data;
    private readonly void* block;
    private readonly long pressure;

    public AlignedMemory(long rows, long columns)
    {
        // In 128 bits a size beyond all memory is a number like any other, which the message can name.
        var asked = Int128.Max(64, (Int128)rows * columns * sizeof(Real));
        try
        {
            if (asked > long.MaxValue - Slack - HugePage) throw new OverflowException();
            long alignment = asked >= HugePage ? HugePage : Slack;
            pressure = (long)asked;
            block = NativeMemory.AllocZeroed((nuint)(pressure + Slack + alignment));
            Data = (Real*)(((nint)block + (nint)alignment - 1) & ~((nint)alignment - 1));
        }
        catch (Exception problem) when (problem is OutOfMemoryException or OverflowException)
        {
            throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture, $"there is no memory for {rows} × {columns} numbers, {asked} bytes"), problem);
        }
        if (asked >= HugePage) AskForHugePages(pressure);
        GC.AddMemoryPressure(pressure);
    }

    ~AlignedMemory()
    {
        // The constructor may have failed.
        if (block == null) return;
        NativeMemory.Free(block);
        GC.RemoveMemoryPressure(pressure);
    }

    // Only advice, whole huge pages only. A system that does not take it (an old kernel, huge pages off) gives ordinary pages,
    // and nothing but speed differs: the answer is ignored.
    private void AskForHugePages(long size)
    {
        const int Advice = 14; // MADV_HUGEPAGE
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = Advise(Data, (nuint)(size & ~(HugePage - 1)), Advice);
        }
        catch (Exception absent) when (absent is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library under another name; ordinary pages then.
        }
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(void* address, nuint length, int advice);
}
