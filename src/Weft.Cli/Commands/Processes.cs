using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Weft.Communication;
using Weft.Kernels;

namespace Weft.Cli.Commands;

/// <summary>Carries a job out on the processes that a command line asks for: one, those of a launcher, or threads that play them.</summary>
internal static class Processes
{
    /// <summary>Runs the job on every process.</summary>
    /// <param name="layout">How they share the graph; null for one process.</param>
    /// <param name="launched">True if a launcher has started this process beside others.</param>
    /// <param name="threads">Threads of this process; null for an even share of the cores.</param>
    /// <param name="job">The work of one process.</param>
    /// <param name="report">Says what is wrong, for the user to put right; returns the exit code.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Layout? layout, bool launched, int? threads, Func<Team, int> job, Func<Exception, int> report)
    {
        if (layout is null)
        {
            RowParallel.Threads = threads ?? Environment.ProcessorCount;
            return job(Team.Alone);
        }
        if (!launched)
        {
            // Ranks that are threads take turns at the same cores.
            RowParallel.Threads = threads ?? Environment.ProcessorCount;
            return ThreadCommunicator.Run(layout.Processes!.Value, world => Stoppable(job, new Team(new Metered(world), layout))).Max();
        }
        var reductions = layout.Reduction == "fast" ? Reductions.Fast : Reductions.Deterministic;
        return MpiCommunicator.Run(world =>
        {
            RowParallel.Threads = threads ?? Math.Max(1, Environment.ProcessorCount / OnThisMachine(world));
            try
            {
                return Stoppable(job, new Team(new Metered(world), layout));
            }
            catch (Exception problem) when (ErrorReport.IsExpected(problem))
            {
                // What is wrong with the input every process finds out for itself: the first says so, and has the time to.
                if (world.Rank > 0) Thread.Sleep(TimeSpan.FromSeconds(1));
                world.Abort(report(problem));
                throw;
            }
        }, reductions);
    }

    // All have agreed to stop. That is no failure of a process: others may still be on their way out of the call that told them.
    private static int Stoppable(Func<Team, int> job, Team team)
    {
        try
        {
            return job(team);
        }
        catch (OperationCanceledException)
        {
            return Program.Interrupted;
        }
    }

    // Processes share the cores of a machine.
    private static int OnThisMachine(MpiCommunicator world)
    {
        var names = new long[world.Size];
        long mine = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(Environment.MachineName)));
        world.AllGather([mine], names, [.. names.Select(_ => 1)]);
        return names.Count(name => name == mine);
    }
}
