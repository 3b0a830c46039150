using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Weft.Kernels;

/// <summary>Work on rows first … last − 1 of something; rows do not depend on one another.</summary>
internal interface IRowJob
{
    void Run(long first, long last);
}

/// <summary>
/// Splits rows over the threads of the process. A job writes only its own rows, and any sum that crosses rows is cut by
/// sizes alone, so the number of threads never shows in a result.
/// </summary>
/// <remarks>
/// Every thread begins with the same share of the rows in every job, and takes rows from others' shares only when its own is done: what it
/// wrote in one job is still in its own core's cache in the next.
/// Threads wait for work by spinning for some microseconds, then sleeping. A caller never waits for a thread that has not
/// begun: on a machine that is busy with other things it does the rows itself. While one caller has the threads, another caller
/// (a rank of a thread communicator, a second prediction) runs its job alone: the same bits, no waiting.
/// </remarks>
internal static unsafe class RowParallel
{
    /// <summary>Jobs of fewer scalar operations than this are run by the caller alone.</summary>
    private const long WorthSharing = 16_384;
    private const int SpinsBeforeSleep = 2_000;

    /// <summary>More threads than this do not share one job.</summary>
    private const int MostThreads = 1024;

    private static readonly Lock Gate = new();
    private static readonly object Bell = new();
    private static int threads = Environment.ProcessorCount;
    private static int started = 1;
    private static int busy;

    // The job that is being shared. Written while the door is closed and nobody is inside; read from inside only.
    private static delegate*<void*, long, long, void> run;
    private static void* state;
    private static long rows, chunk, share;
    private static int wanted;

    // Where each thread's share goes on, a cache line or two apart.
    private const int LineEntries = 16;
    private static readonly long[] Next = new long[(MostThreads + 1) * LineEntries];

    // The door to the job: its number from bit 17 on, bit 16 set when it is closed, below that how many threads are inside.
    private const long Closed = 1 << 16, Inside = Closed - 1, NextJob = 1 << 17;
    private static long door = Closed;
    private static int sleepers;

    /// <summary>Threads that share a job, the caller included. At least 1.</summary>
    public static int Threads
    {
        get => threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            threads = value;
        }
    }

    /// <summary>
    /// Runs <paramref name="job"/> on all of <paramref name="rowCount"/> rows. <paramref name="work"/> is about how many
    /// scalar operations that is; <paramref name="granularity"/> is the multiple of rows at which the job may be cut.
    /// </summary>
    public static void For<TJob>(long rowCount, long work, ref TJob job, long granularity = 1)
        where TJob : struct, IRowJob
    {
        if (rowCount <= 0) return;
        int crew = Math.Min(Volatile.Read(ref threads), MostThreads);
        if (crew == 1 || work < WorthSharing || rowCount <= granularity || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            job.Run(0, rowCount);
            return;
        }
        long pieces = Math.Min(8L * crew, (rowCount + granularity - 1) / granularity);
        long size = (rowCount + pieces - 1) / pieces;
        size = (size + granularity - 1) / granularity * granularity;
        Share(&Invoke<TJob>, Unsafe.AsPointer(ref job), rowCount, size, crew);
        Volatile.Write(ref busy, 0);
    }

    private static void Invoke<TJob>(void* job, long first, long last)
        where TJob : struct, IRowJob => Unsafe.AsRef<TJob>(job).Run(first, last);

    private static void Share(delegate*<void*, long, long, void> body, void* bodyState, long rowCount, long size, int crew)
    {
        if (started < crew) Start(crew);
        run = body;
        state = bodyState;
        rows = rowCount;
        chunk = size;
        share = ((rowCount + size - 1) / size + crew - 1) / crew * size;
        for (int member = 0; member < crew; member++) Next[(member + 1) * LineEntries] = member * share;
        wanted = crew - 1;
        Interlocked.Exchange(ref door, (Volatile.Read(ref door) & ~(Closed | Inside)) + NextJob);
        if (Volatile.Read(ref sleepers) > 0)
            lock (Bell) Monitor.PulseAll(Bell);
        Work(0);
        Interlocked.Or(ref door, Closed);
        var spinner = new SpinWait();
        while ((Volatile.Read(ref door) & Inside) != 0)
        {
            if (spinner.Count < 20) spinner.SpinOnce(-1);
            else Thread.Yield();
        }
    }

    private static void Work(int member)
    {
        long size = chunk, count = rows, each = share;
        int crew = wanted + 1;
        for (int k = 0; k < crew; k++)
        {
            int whose = (member + k) % crew;
            long end = Math.Min((whose + 1) * each, count);
            ref long next = ref Next[(whose + 1) * LineEntries];
            // Looking first spares a share that is done a write.
            while (Volatile.Read(ref next) < end)
            {
                long first = Interlocked.Add(ref next, size) - size;
                if (first >= end) break;
                run(state, first, Math.Min(first + size, end));
            }
        }
    }

    private static void Start(int crew)
    {
        lock (Gate)
        {
            for (; started < crew; started++)
            {
                int index = started;
                new Thread(() => Serve(index)) { IsBackground = true, Name = $"weft {index}" }.Start();
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "a job that throws is a defect; the process must say so, not hang")]
    private static void Serve(int index)
    {
        long seen = -1;
        while (true)
        {
            for (int spin = 0; Number() == seen && spin < SpinsBeforeSleep; spin++) Thread.SpinWait(20);
            if (Number() == seen) Sleep(seen);
            long now = Volatile.Read(ref door);
            seen = now / NextJob;
            while ((now & Closed) == 0 && now / NextJob == seen)
            {
                long before = Interlocked.CompareExchange(ref door, now + 1, now);
                if (before != now)
                {
                    now = before;
                    continue;
                }
                try
                {
                    if (index <= wanted) Work(index);
                }
                catch (Exception failure)
                {
                    Environment.FailFast("a parallel kernel threw", failure);
                }
                Interlocked.Decrement(ref door);
                break;
            }
        }
    }

    private static long Number() => Volatile.Read(ref door) / NextJob;

    private static void Sleep(long seen)
    {
        lock (Bell)
        {
            Interlocked.Increment(ref sleepers);
            while (Number() == seen) Monitor.Wait(Bell);
            Interlocked.Decrement(ref sleepers);
        }
    }
}
