using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed.Planning;
using Weft.Models;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Distributed.Planning;

public class CalibratorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_process_gets_the_same_numbers_and_all_are_above_zero(int processes)
    {
        var measured = ThreadCommunicator.Run(processes, world => Calibrator.Measure(world, "threads"));
        Assert.All(measured, m => Assert.Equal(measured[0].Numbers, m.Numbers));
        Assert.All(measured[0].Numbers, number => Assert.True(number > 0 && double.IsFinite(number), $"{number}"));
        Assert.Equal(Calibration.Default.AlphaBetween, measured[0].AlphaBetween);
        if (processes > 1) Assert.NotEqual(Calibration.Default.AlphaWithin, measured[0].AlphaWithin);
        Assert.Equal((processes, Environment.MachineName), (measured[0].Processes, Assert.Single(measured[0].Hosts!)));
    }

    [Fact]
    public void Between_machines_is_measured_where_there_are_several()
    {
        var (machines, measured) = ThreadCommunicator.Run(4, world =>
        {
            var machines = Machines.Ask(world, world.Rank < 2 ? "a" : "b");
            return (machines, Calibrator.Measure(world, "threads", machines));
        })[3];
        Assert.Equal(["a", "b"], measured.Hosts!);
        Assert.Equal((2, 2, 1), (machines.MostProcesses, machines.ProcessesOf(1), machines.Of(2)));
        Assert.NotEqual(Calibration.Default.AlphaBetween, measured.AlphaBetween);
        Assert.NotEqual(Calibration.Default.BetaBetween, measured.BetaBetween);
        Assert.DoesNotContain("default", measured.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void A_calibration_is_found_again_by_machines_library_and_number_of_processes()
    {
        using var folder = new TemporaryFolder();
        var files = new CalibrationFiles(folder.File("cache"));
        Assert.Null(files.Newest(4));
        Calibration Of(int processes, double alpha) => Calibration.Default with { Hosts = ["a", "b"], Library = "L", Processes = processes, AlphaBetween = alpha };
        File.SetLastWriteTimeUtc(files.Save(Of(4, 1)), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        files.Save(Of(8, 2));
        Assert.Equal(1, files.Find(["b", "a"], "L", 4)!.AlphaBetween);
        Assert.Null(files.Find(["a"], "L", 4));
        Assert.Null(files.Find(["a", "b"], "M", 4));
        Assert.Equal(1, files.Newest(4)!.AlphaBetween);
        Assert.Equal(2, files.Newest(16)!.AlphaBetween);
        Assert.Equal(1, files.Newest(["b", "a"], 4)!.AlphaBetween);
        Assert.Null(files.Newest(["a"], 4));
        files.Save(Of(4, 3));
        Assert.Equal(3, files.Newest(["a", "b"], 4)!.AlphaBetween);
        Assert.Equal(3, files.Find(["a", "b"], "L", 4)!.AlphaBetween);
        files.Save(Of(16, 4) with { Precision = 7 });
        Assert.NotEqual(4, files.Newest(16)!.AlphaBetween);
    }

    [Theory]
    [InlineData("{}", "missing required properties")]
    [InlineData("no", "invalid JSON literal")]
    [InlineData("null", "it holds null")]
    public void A_broken_file_is_named(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.json"), text);
        var message = Assert.Throws<DataFormatException>(() => CalibrationFiles.Read(folder.File("c.json"))).Message;
        Assert.Contains("c.json", message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("c.json"), (Calibration.Default with { BetaWithin = -1 }).ToJson());
        Assert.Contains("above 0", Assert.Throws<DataFormatException>(() => CalibrationFiles.Read(folder.File("c.json"))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("c.json"), Calibration.Default.ToJson());
        Assert.Equal(Calibration.Default.ToJson(), CalibrationFiles.Read(folder.File("c.json")).ToJson());
    }

    [Fact]
    public void Processes_choose_the_same_grid_for_a_run()
    {
        var size = new DataSize(5000, 40_000, 64, 5);
        var model = new ModelSettings { Model = "gatv2", Hidden = 16, Heads = 4 };
        var grids = ThreadCommunicator.Run(6, world => GridPlan.Choose(world, size, model, new TrainingSettings()));
        Assert.Equal(6, grids[0].Size);
        Assert.All(grids, grid => Assert.Equal(grids[0], grid));
    }
}
