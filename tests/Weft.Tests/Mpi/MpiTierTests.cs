using Weft.Cli.Launching;
using Weft.Communication;

namespace Weft.Tests.Mpi;

/// <summary>
/// Real processes of both libraries of MPI, where their launchers are installed. In double precision, which differs in no more
/// than the width of a number, only the checks that touch numbers run again.
/// </summary>
public class MpiTierTests
{
    public static TheoryData<string> Libraries => ["OpenMpi", "Mpich"];

    public static TheoryData<string, int> LibrariesAndRanks
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string library in new[] { "OpenMpi", "Mpich" })
                foreach (int ranks in sizeof(Real) == 8 ? new[] { 3 } : [1, 3, 4, 6]) data.Add(library, ranks);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(LibrariesAndRanks))]
    public void Every_check_passes_on_ranks_of_mpi(string library, int ranks)
    {
        string[] checks = sizeof(Real) == 8 ? ["matrices", "large-counts", "fast-reductions", "layers", "layer-bits", "layer-training"]
            // Thrice as many ranks as cores: what is slow there is not what is tested.
            : [.. MpiTier.Checks.Keys.Where(check => ranks < 6 || !check.StartsWith("layer", StringComparison.Ordinal))];
        if (MpiJob.Launcher(Kind(library)) is not { } launcher) return;
        var job = MpiJob.Run(launcher, ranks, checks);
        Assert.True(job.ExitCode == 0, $"exit code {job.ExitCode}\n{job.Output}");
        Assert.Contains($"{ranks} ranks", job.Output);
        foreach (string check in checks) Assert.Contains($"passed {check} (", job.Output);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_rank_that_throws_ends_the_job_with_a_message_that_says_where(string library)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(library)) is not { } launcher) return;
        var job = MpiJob.Run(launcher, 4, ["throw"]);
        Assert.Equal(70, job.ExitCode);
        Assert.Contains("error: rank 1 of 4 failed in layer 2, backward: InvalidDataException: deliberate", job.Output);
        Assert.DoesNotContain("unreachable", job.Output);
        job = MpiJob.Run(launcher, 3, ["throw-in-run"]);
        Assert.Equal(70, job.ExitCode);
        Assert.Contains("error: rank 1 of 3 failed: InvalidDataException: deliberate", job.Output);
        Assert.DoesNotContain("unreachable", job.Output);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_rank_that_is_killed_ends_the_job(string library)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(library)) is not { } launcher) return;
        var job = MpiJob.Run(launcher, 4, ["kill"]);
        Assert.NotEqual(0, job.ExitCode);
        Assert.DoesNotContain("unreachable", job.Output);
        Assert.True(job.Elapsed < TimeSpan.FromSeconds(30), $"the others lived on for {job.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_rank_that_does_not_come_is_not_waited_for_for_ever(string library)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(library)) is not { } launcher) return;
        var job = MpiJob.Run(launcher, 3, ["stuck"], ("WEFT_COMM_TIMEOUT", "1.5"));
        Assert.Equal(70, job.ExitCode);
        Assert.Contains("of 3 failed in layer 1, forward: TimeoutException: AllGather has waited 1.5 s", job.Output);
        Assert.DoesNotContain("unreachable", job.Output);
        Assert.True(job.Elapsed < TimeSpan.FromSeconds(40), $"it took {job.Elapsed}");
    }

    [Theory]
    [InlineData("OpenMpi", "Mpich", "libmpich.so.12", "OMPI_COMM_WORLD_SIZE")]
    [InlineData("Mpich", "OpenMpi", "libmpi.so.40", "PMI_SIZE")]
    public void The_launcher_of_one_library_and_the_other_library_are_told_apart(string launcherOf, string other, string library, string variable)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(launcherOf)) is not { } launcher || MpiJob.Launcher(Kind(other)) is null) return;
        var job = MpiJob.Run(launcher, 2, ["start"], ("WEFT_MPI_LIBRARY", library));
        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains($"the launcher has started 2 processes ({variable}), but", job.Output);
        Assert.Contains("launcher and library are of two kinds", job.Output);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_process_starts_mpi_once(string library)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(library)) is not { } launcher) return;
        var job = MpiJob.Run(launcher, 1, ["start-twice"]);
        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains("MPI was started before", job.Output);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Without_a_launcher_one_process_is_a_job_of_one(string library)
    {
        if (Precision() is { } || MpiJob.Launcher(Kind(library)) is null) return;
        var job = MpiJob.Alone(["start"], ("WEFT_MPI_LIBRARY", library == "OpenMpi" ? "libmpi.so.40" : "libmpich.so.12"),
            ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"));
        Assert.True(job.ExitCode == 0, job.Output);
        Assert.Contains(": 0 of 1, launched: False", job.Output);
        Assert.Contains(library == "OpenMpi" ? "Open MPI v" : "MPICH ", job.Output);
    }

    [Fact]
    public void A_library_that_is_not_there_is_named()
    {
        if (OperatingSystem.IsWindows()) return;
        var job = MpiJob.Alone(["start"], ("WEFT_MPI_LIBRARY", "/nowhere/libmpi.so"));
        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains("no library of MPI could be loaded (/nowhere/libmpi.so: ", job.Output);
        Assert.Contains("install Open MPI or MPICH", job.Output);
        job = MpiJob.Alone(["start"], ("WEFT_COMM_TIMEOUT", "soon"));
        Assert.Contains("WEFT_COMM_TIMEOUT is \"soon\"; a number of seconds above 0 was expected", job.Output);
    }

    [Fact]
    public void The_library_is_not_loaded_where_nothing_is_distributed()
    {
        Assert.False(MpiCommunicator.IsLaunched);
        if (OperatingSystem.IsLinux()) Assert.DoesNotContain("libmpi", File.ReadAllText("/proc/self/maps"));
    }

    private static LauncherKind Kind(string library) => Enum.Parse<LauncherKind>(library);

    // What does not depend on the precision is tested in one.
    private static string? Precision() => sizeof(Real) == 8 ? "double" : null;
}
