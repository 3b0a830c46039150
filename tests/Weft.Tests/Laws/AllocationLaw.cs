using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A warm training step allocates nothing on the managed heap, for any layer, with one thread and with two.</summary>
public class AllocationLaw
{
    public static TheoryData<string> Cases => [.. LayerCases.All.Where(c => c.Large).Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_warm_training_step_allocates_nothing(string name)
    {
        foreach (int threads in new[] { 1, 2 })
            foreach (bool first in new[] { true, false })
                TrainingStep.WithThreads(threads, () =>
                {
                    var step = new TrainingStep(LayerCases.Named(name), TestGraphs.ThreeHundred, first);
                    for (int warm = 0; warm < 3; warm++) step.Run();
                    // The runtime allocates now and then on its own account (a cast cache grows, a method is compiled again): the
                    // least of three counts is the step's own.
                    long allocated = long.MaxValue;
                    for (int count = 0; count < 3; count++)
                    {
                        long before = GC.GetAllocatedBytesForCurrentThread();
                        for (int t = 0; t < 3; t++) step.Run();
                        allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
                    }
                    Assert.True(allocated == 0, $"{name}, {threads} threads, {(first ? "first layer" : "middle layer")}: three warm steps allocated {allocated} bytes");
                });
    }
}
