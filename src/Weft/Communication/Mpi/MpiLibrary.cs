using System.Globalization;
using System.Runtime.Loader;

namespace Weft.Communication.Mpi;

/// <summary>Who started this process, and which library of MPI that asks for.</summary>
internal static class MpiLibrary
{
    /// <summary>The variable that names the library's file where the usual names do not fit.</summary>
    public const string FileVariable = "WEFT_MPI_LIBRARY";

    // Set by the launchers for each process that they start: the first two by Open MPI and what starts processes in its way.
    private static readonly string[] OfOpenMpi = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK"];
    private static readonly string[] OfMpich = ["PMI_SIZE", "PMI_RANK", "MV2_COMM_WORLD_SIZE", "MPI_LOCALRANKID"];
    private static nint loaded;

    /// <summary>True if a launcher of MPI started this process.</summary>
    public static bool IsLaunched => OfOpenMpi.Any(IsSet) || OfMpich.Any(IsSet);

    /// <summary>The number of processes that the launcher says it has started, and the variable that says so.</summary>
    public static (string Variable, int Size)? LaunchedSize
    {
        get
        {
            foreach (string variable in new[] { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE" })
                if (int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int size)) return (variable, size);
            return null;
        }
    }

    /// <summary>Loads the library that fits the launcher.</summary>
    /// <exception cref="DllNotFoundException">There is none; the message says which names were tried, and why each failed.</exception>
    public static (MpiAbi Abi, string File) Load()
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("MPI is supported on Linux and macOS: here, play the processes with threads");
        // UCX, on which many builds of MPICH stand, would take the signal of a memory fault from .NET, which makes of it a
        // NullReferenceException.
        CLibrary.SetVariable("UCX_ERROR_SIGNALS", "");
        CLibrary.SetVariable("UCX_HANDLE_ERRORS", "none");
        var problems = new List<string>();
        foreach (string file in Candidates())
        {
            loaded = CLibrary.Open(file, out string problem);
            if (loaded == 0)
            {
                problems.Add(problem);
                continue;
            }
            AssemblyLoadContext.GetLoadContext(typeof(MpiLibrary).Assembly)!.ResolvingUnmanagedDll += (_, name) => name == MpiImports.Library ? loaded : 0;
            return (MpiAbi.Of(loaded), file);
        }
        throw new DllNotFoundException(
            $"no library of MPI could be loaded ({string.Join("; ", problems)}); install Open MPI or MPICH, the one whose launcher is used, or set {FileVariable} to the library's file");
    }

    private static string[] Candidates()
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } file) return [file];
        bool mac = OperatingSystem.IsMacOS();
        string[] openMpi = mac ? ["libmpi.40.dylib", "libmpi.dylib"] : ["libmpi.so.40", "libmpi.so"];
        string[] mpich = mac ? ["libmpi.12.dylib", "libmpi.dylib"] : ["libmpich.so.12", "libmpi.so.12", "libmpich.so"];
        return OfOpenMpi.Any(IsSet) ? openMpi : OfMpich.Any(IsSet) ? mpich : [.. openMpi, .. mpich];
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
