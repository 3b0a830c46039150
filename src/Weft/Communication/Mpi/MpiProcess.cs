using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Weft.Communication.Mpi;

/// <summary>
/// MPI in this process: started once, owned by the thread that started it. Waiting gives the processor away, so that more ranks
/// than cores make progress, and ends with an exception when nothing has moved for too long.
/// </summary>
internal sealed unsafe class MpiProcess
{
    /// <summary>The exit code of a job in which a process failed.</summary>
    public const int FailedExit = 70;

    public const string TimeoutVariable = "WEFT_COMM_TIMEOUT";

    private const int Funneled = 1, SpinsBeforeYield = 20, YieldsBetweenClocks = 256;
    private static MpiProcess? started;
    private readonly int owner = Environment.CurrentManagedThreadId;
    private readonly long patience;
    private readonly Dictionary<(int Width, long Length), nint> types = [];
    private int aborting;

    private MpiProcess(TimeSpan timeout)
    {
        Timeout = timeout;
        patience = (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        (Abi, File) = MpiLibrary.Load();
        int flag, provided, rank, size;
        Check(MpiImports.MPI_Initialized(&flag));
        if (flag != 0) throw new InvalidOperationException("something else in this process has started MPI");
        Check(MpiImports.MPI_Init_thread(null, null, Funneled, &provided));
        Check(MpiImports.MPI_Comm_set_errhandler(Abi.World, Abi.ErrorsReturn));
        Check(MpiImports.MPI_Comm_set_errhandler(Abi.Self, Abi.ErrorsReturn));
        Check(MpiImports.MPI_Comm_rank(Abi.World, &rank));
        Check(MpiImports.MPI_Comm_size(Abi.World, &size));
        (Rank, Size) = (rank, size);
        if (provided < Funneled)
            throw new NotSupportedException($"{Version} gives no support for threads (level {provided}): a process that computes with threads needs MPI_THREAD_FUNNELED");
        if (MpiLibrary.LaunchedSize is var (variable, launched) && launched != size)
            throw new NotSupportedException(
                $"the launcher has started {launched} processes ({variable}), but {Version} ({File}) sees {size}: launcher and library are of two kinds; use the launcher that comes with the library, or set {MpiLibrary.FileVariable} to the library that comes with the launcher");
    }

    public MpiAbi Abi { get; }

    /// <summary>The library's file.</summary>
    public string File { get; }

    public int Rank { get; }

    public int Size { get; }

    public TimeSpan Timeout { get; }

    /// <summary>Where the pass is.</summary>
    public int Layer { get; set; }

    /// <summary>Where the pass is.</summary>
    public Direction Direction { get; set; }

    /// <summary>The library's name and version, in one line.</summary>
    public string Version
    {
        get
        {
            byte* text = stackalloc byte[8192]; // MPI_MAX_LIBRARY_VERSION_STRING of MPICH, the longer of the two
            int length;
            Check(MpiImports.MPI_Get_library_version(text, &length));
            string first = Encoding.UTF8.GetString(text, length).Split('\n')[0].Split(',')[0];
            return string.Join(' ', first.Trim('\0', ' ').Replace("MPICH Version:", "MPICH", StringComparison.Ordinal).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        }
    }

    /// <summary>Starts MPI.</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    /// <exception cref="NotSupportedException">The launcher belongs to another library, or a setting of the environment is none.</exception>
    public static MpiProcess Start(TimeSpan? timeout)
    {
        if (started is not null) throw new InvalidOperationException("MPI was started before; a process can start it once");
        var process = new MpiProcess(timeout ?? TimeoutOfEnvironment());
        AppDomain.CurrentDomain.UnhandledException += (_, arguments) => process.Abort(arguments.ExceptionObject as Exception);
        return started = process;
    }

    /// <summary>Every process has come here and MPI is over.</summary>
    public void Finish()
    {
        CheckThread();
        foreach (nint type in types.Values)
        {
            nint handle = type;
            Check(MpiImports.MPI_Type_free(&handle));
        }
        types.Clear();
        Check(MpiImports.MPI_Finalize());
    }

    /// <summary>The type of an entry of so many bytes.</summary>
    public nint TypeOf(int width) => width switch
    {
        1 => Abi.Byte,
        4 => Abi.Int32,
        8 => Abi.Int64,
        _ => Run(width, 1, Abi.Byte),
    };

    /// <summary>The type of <paramref name="length"/> entries, one after another.</summary>
    public nint TypeOf(int width, long length) => length == 1 ? TypeOf(width) : Run(width, length, TypeOf(width));

    /// <summary>Only the thread that started MPI may call it.</summary>
    public void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != owner)
            throw new InvalidOperationException($"a thread that did not start MPI calls it (managed thread {Environment.CurrentManagedThreadId}; {owner} started it): communicate from that thread only");
    }

    /// <summary>Turns a return code into an exception.</summary>
    public static void Check(int code, [CallerArgumentExpression(nameof(code))] string call = "")
    {
        if (code == 0) return;
        byte* text = stackalloc byte[1024]; // longer than MPI_MAX_ERROR_STRING of either
        int length;
        string reason = MpiImports.MPI_Error_string(code, text, &length) == 0 ? Encoding.UTF8.GetString(text, length).ReplaceLineEndings(" ").Trim() : $"error {code}";
        throw new MpiException(call.Split('(')[0].Replace(nameof(MpiImports) + ".", "", StringComparison.Ordinal), code, reason);
    }

    /// <summary>True if the operation is done.</summary>
    public bool Test(nint* request, void* status)
    {
        int done;
        Check(MpiImports.MPI_Test(request, &done, status));
        return done != 0;
    }

    /// <summary>Returns when the operation is done.</summary>
    /// <exception cref="TimeoutException">It was not done in time: a process or a link is gone.</exception>
    public void Complete(nint* request, string operation) => Complete(request, operation, Abi.IgnoredStatus);

    /// <inheritdoc cref="Complete(nint*, string)"/>
    public void Complete(nint* request, string operation, void* status)
    {
        long since = 0;
        for (long spins = 1; !Test(request, status); spins++)
        {
            if (spins <= SpinsBeforeYield) continue;
            CLibrary.Yield();
            if (spins % YieldsBetweenClocks != 0) continue;
            long now = Stopwatch.GetTimestamp();
            if (since == 0) since = now;
            else if (now - since > patience)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture,
                    $"{operation} has waited {Timeout.TotalSeconds:0.#} s for other processes: one of them hangs, or its link is gone ({TimeoutVariable} sets the limit in seconds)"));
        }
    }

    /// <summary>Says which process failed, where and why, and ends the whole job.</summary>
    public void Abort(Exception? failure)
    {
        if (Interlocked.Exchange(ref aborting, 1) != 0) return;
        string place = Layer == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" in layer {Layer}, {(Direction == Direction.Forward ? "forward" : "backward")}");
        CLibrary.WriteError($"error: rank {Rank} of {Size} failed{place}: {failure?.GetType().Name ?? "unknown"}: {failure?.Message}\n{failure?.StackTrace}");
        EndNow(FailedExit);
    }

    /// <summary>Ends the whole job.</summary>
    public void End(int exitCode)
    {
        if (Interlocked.Exchange(ref aborting, 1) == 0) EndNow(exitCode);
    }

    private void EndNow(int exitCode)
    {
        // Where the launcher itself is gone, MPI_Abort may wait for it for ever.
        new Thread(() =>
        {
            Thread.Sleep(TimeSpan.FromSeconds(10));
            CLibrary.Exit(exitCode);
        })
        { IsBackground = true }.Start();
        _ = MpiImports.MPI_Abort(Abi.World, exitCode);
        CLibrary.Exit(exitCode);
    }

    // Bytes in the place of entries where the width is no number's.
    private nint Run(int width, long length, nint entry)
    {
        if (types.TryGetValue((width, length), out nint known)) return known;
        nint slot = 0;
        Check(MpiImports.MPI_Type_contiguous(checked((int)(entry == Abi.Byte && length == 1 ? width : length)), entry, &slot));
        slot = Abi.FromSlot(slot);
        Check(MpiImports.MPI_Type_commit(&slot));
        return types[(width, length)] = slot;
    }

    private static TimeSpan TimeoutOfEnvironment()
    {
        string? text = Environment.GetEnvironmentVariable(TimeoutVariable);
        if (string.IsNullOrEmpty(text)) return TimeSpan.FromMinutes(10);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e8
            ? TimeSpan.FromSeconds(seconds)
            : throw new NotSupportedException($"{TimeoutVariable} is \"{text}\"; a number of seconds above 0 was expected");
    }
}
