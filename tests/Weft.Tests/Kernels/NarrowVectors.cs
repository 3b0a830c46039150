using System.Diagnostics;
using System.Reflection;
using System.Runtime.Intrinsics;
using Xunit.Sdk;

namespace Weft.Tests.Kernels;

/// <summary>
/// Marks a class of tests that must also pass where the processor has no wide vectors. <see cref="NarrowVectors"/> runs it
/// again in child processes, first without vectors of 512 bits, then without those of 256.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AlsoWithNarrowVectorsAttribute : Attribute;

public class NarrowVectors
{
    /// <summary>The environment variable that turns a width off, and the widest width that may then be left.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    public async Task Marked_test_classes_pass_again_with_narrower_vectors(string switchedOff, int widest)
    {
        // The tests' own host may be any program; `dotnet` lies three folders above the framework.
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var start = new ProcessStartInfo(Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(NarrowVectors).Assembly.Location);
        start.ArgumentList.Add("--narrow-vectors");
        start.ArgumentList.Add(widest.ToString());
        start.Environment[switchedOff] = "0";
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync();
        string output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0, $"{switchedOff}=0:\n{output}\n{await errors}");
        foreach (var marked in MarkedClasses()) Assert.Contains($"passed {marked.Name}.", output);
    }

    /// <summary>Entry point of the test assembly; the test host does not use it, the child processes above and the ranks of MPI do.</summary>
    public static int Main(string[] arguments)
    {
        if (arguments is [Mpi.MpiTier.Argument, .. var checks]) return Mpi.MpiTier.Run(checks);
        if (arguments is not ["--narrow-vectors", var widest]) return 2;
        if (Vector512.IsHardwareAccelerated || (widest == "128" && Vector256.IsHardwareAccelerated))
        {
            Console.Error.WriteLine($"vectors wider than {widest} bits are still on");
            return 3;
        }
        int failures = 0;
        foreach (var marked in MarkedClasses())
            foreach (var method in marked.GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), inherit: true)))
                failures += Run(marked, method);
        return failures == 0 ? 0 : 1;
    }

    private static IEnumerable<Type> MarkedClasses() =>
        typeof(NarrowVectors).Assembly.GetTypes().Where(t => t.IsDefined(typeof(AlsoWithNarrowVectorsAttribute)));

    private static int Run(Type marked, MethodInfo method)
    {
        int failures = 0;
        var cases = method.IsDefined(typeof(TheoryAttribute), inherit: true)
            ? method.GetCustomAttributes<DataAttribute>().SelectMany(data => data.GetData(method))
            : [[]];
        foreach (object?[] arguments in cases)
        {
            string name = $"{marked.Name}.{method.Name}({string.Join(", ", arguments)})";
            object? instance = method.IsStatic ? null : Activator.CreateInstance(marked);
            try
            {
                method.Invoke(instance, arguments);
                Console.WriteLine($"passed {name}");
            }
            catch (TargetInvocationException failure)
            {
                failures++;
                Console.WriteLine($"failed {name}: {failure.InnerException}");
            }
            (instance as IDisposable)?.Dispose();
        }
        return failures;
    }
}
