using Weft.Kernels;

namespace Weft.Tests.Kernels;

public class RowParallelTests
{
    private readonly struct Count(int[] visits) : IRowJob
    {
        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++) Interlocked.Increment(ref visits[i]);
        }
    }

    [Fact]
    public void Every_row_is_visited_once_whoever_calls_and_however_many_threads_there_are()
    {
        int before = RowParallel.Threads;
        try
        {
            // Several callers at once, jobs from tiny to small, pauses in which the threads fall asleep.
            Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, caller =>
            {
                var random = new Random(caller);
                var visits = new int[300];
                for (int round = 0; round < 2000; round++)
                {
                    if (caller == 0 && round % 50 == 0) RowParallel.Threads = 1 + random.Next(4);
                    if (round % 500 == 499) Thread.Sleep(20);
                    int rows = random.Next(visits.Length + 1), granularity = 1 + random.Next(7);
                    Array.Clear(visits);
                    var job = new Count(visits);
                    RowParallel.For(rows, long.MaxValue, ref job, granularity);
                    for (int i = 0; i < visits.Length; i++)
                        if (visits[i] != (i < rows ? 1 : 0)) Assert.Fail($"row {i} of {rows} was visited {visits[i]} times");
                }
            });
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    [Fact]
    public void A_shared_job_allocates_nothing()
    {
        var visits = new int[100];
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            var job = new Count(visits);
            allocated = GC.GetAllocatedBytesForCurrentThread();
            RowParallel.For(visits.Length, long.MaxValue, ref job);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        }
        Assert.Equal(0, allocated);
    }
}
