using System.Runtime.InteropServices;

namespace Weft.Cli.Launching;

/// <summary>The few calls of the C library that supervision needs and the framework does not offer.</summary>
internal static partial class Native
{
    public const int SigKill = 9, SigTerm = 15;

    private const int SigPipe = 13, DeathSignal = 1;
    private const int OpenPidfd = 434;
    private const short Readable = 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted, Found;
    }

    /// <summary>Sends a signal; a process that is gone is no error.</summary>
    public static void Send(int process, int signal) => _ = kill(process, signal);

    /// <summary>Asks the kernel to kill this process when the one that started it ends. Linux; elsewhere nothing.</summary>
    public static void DieWithParent()
    {
        if (OperatingSystem.IsLinux()) _ = prctl(DeathSignal, SigKill, 0, 0, 0);
    }

    /// <summary>The process that started this one.</summary>
    public static int Parent => getppid();

    /// <summary>Goes on as another program in a session of its own, which no key of the terminal reaches.</summary>
    /// <returns>Only if the program cannot be run.</returns>
    public static void BecomeInOwnSession(string[] command)
    {
        _ = setsid();
        // The runtime ignores this one, and what is ignored stays so in the next program.
        _ = signal(SigPipe, 0);
        _ = execvp(command[0], [.. command, null]);
    }

    /// <summary>A descriptor that becomes readable when a process ends; negative where there is no such thing.</summary>
    public static int WatchDescriptor(int process) => OperatingSystem.IsLinux() ? (int)syscall(OpenPidfd, process, 0) : -1;

    public static void CloseDescriptor(int descriptor) => _ = close(descriptor);

    /// <summary>The first of the descriptors that is readable; −1 if none is after so many milliseconds.</summary>
    public static int FirstReadable(IReadOnlyList<int> descriptors, int milliseconds)
    {
        PollEntry[] entries = [.. descriptors.Select(d => new PollEntry { Descriptor = d, Wanted = Readable })];
        return poll(entries, (nuint)entries.Length, milliseconds) <= 0 ? -1 : Array.FindIndex(entries, e => e.Found != 0);
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execvp(string file, string?[] arguments);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint argument1, nint argument2);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int poll([In, Out] PollEntry[] entries, nuint count, int milliseconds);
}
