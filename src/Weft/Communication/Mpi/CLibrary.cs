using System.Runtime.InteropServices;
using System.Text;

namespace Weft.Communication.Mpi;

/// <summary>What the binding needs of the C library, and .NET does not offer.</summary>
internal static unsafe partial class CLibrary
{
    private const int Now = 2;
    private static readonly int Global = OperatingSystem.IsMacOS() ? 0x8 : 0x100;

    /// <summary>Loads a library whose names every other library may see: some builds of Open MPI load parts that need it.</summary>
    /// <returns>0 if there is none; then <paramref name="problem"/> says why.</returns>
    public static nint Open(string file, out string problem)
    {
        dlerror(); // its first call loads something itself, which would forget the reason
        nint library = dlopen(file, Now | Global);
        problem = library == 0 ? Marshal.PtrToStringUTF8(dlerror()) ?? "no reason given" : "";
        return library;
    }

    /// <summary>
    /// Sets a variable of the environment that C libraries see, unless it is set: what .NET sets, they do not see.
    /// </summary>
    public static void SetVariable(string name, string value) => _ = setenv(name, value, 0);

    /// <summary>Lets another process have this processor.</summary>
    public static void Yield() => _ = sched_yield();

    /// <summary>Writes lines to standard error in one piece, so that those of several processes do not mix.</summary>
    public static void WriteError(string lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(lines.EndsWith('\n') ? lines : lines + "\n");
        fixed (byte* data = bytes) _ = write(2, data, (nuint)bytes.Length);
    }

    /// <summary>Ends the process here and now: no finalizers, no handlers.</summary>
    public static void Exit(int code) => _exit(code);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlopen(string file, int flags);

    [LibraryImport("libc")]
    private static partial nint dlerror();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int sched_yield();

    [LibraryImport("libc")]
    private static partial nint write(int file, byte* data, nuint length);

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}
