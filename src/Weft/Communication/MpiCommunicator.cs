using System.Diagnostics.CodeAnalysis;
using Weft.Communication.Mpi;

namespace Weft.Communication;

/// <summary>
/// Processes that a launcher of MPI has started, on one machine or many: Open MPI and MPICH, from the same program. The library
/// is loaded when the first communicator is started, never before.
/// </summary>
/// <remarks>
/// Only the thread that calls <see cref="Start"/> may communicate. After an <see cref="MpiException"/> or a
/// <see cref="TimeoutException"/> the job is over: let it end the process, or call <see cref="Abort(Exception)"/>, which ends them all. A
/// caller that handles it and disposes of the communicator would wait for processes that wait for it; <see cref="Run"/> takes
/// care of that.
/// </remarks>
public sealed unsafe partial class MpiCommunicator : ICommunicator, IDisposable
{
    private const int Tag = 1;
    private readonly MpiProcess mpi;
    private readonly List<MpiCommunicator> parts = [];
    private readonly Reductions reductions;
    private readonly bool isWorld;
    private nint handle;

    private MpiCommunicator(MpiProcess mpi, nint handle, Reductions reductions, bool isWorld)
    {
        (this.mpi, this.handle, this.reductions, this.isWorld) = (mpi, handle, reductions, isWorld);
        int rank, size;
        MpiProcess.Check(MpiImports.MPI_Comm_rank(handle, &rank));
        MpiProcess.Check(MpiImports.MPI_Comm_size(handle, &size));
        (Rank, Size) = (rank, size);
        (sent, received) = (new Pieces(size), new Pieces(size));
        (sentLayout, receivedLayout) = (new MpiLayout(mpi, size), new MpiLayout(mpi, size));
    }

    /// <summary>True if a launcher of MPI (mpirun, mpiexec, srun) started this process.</summary>
    public static bool IsLaunched => MpiLibrary.IsLaunched;

    /// <summary>How many processes the launcher says it has started; null where none has, or it does not say.</summary>
    public static int? LaunchedProcesses => MpiLibrary.LaunchedSize?.Size;

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>Name and version of the library of MPI.</summary>
    public string Library => mpi.Version;

    internal MpiProcess Process => mpi;

    internal nint Handle => handle;

    /// <summary>Starts MPI and returns the group of all processes. Disposing of it ends MPI; every process does so.</summary>
    /// <param name="reductions">How sums are made.</param>
    /// <param name="timeout">
    /// How long a call waits for other processes before it fails; if missing, the seconds in the environment variable
    /// WEFT_COMM_TIMEOUT, or ten minutes. It must be longer than the longest time between two calls of any process.
    /// </param>
    /// <exception cref="DllNotFoundException">There is no library of MPI.</exception>
    /// <exception cref="InvalidOperationException">MPI was started before.</exception>
    /// <exception cref="NotSupportedException">Launcher and library do not belong together.</exception>
    public static MpiCommunicator Start(Reductions reductions = Reductions.Deterministic, TimeSpan? timeout = null)
    {
        var mpi = MpiProcess.Start(timeout);
        return new MpiCommunicator(mpi, mpi.Abi.World, reductions, isWorld: true);
    }

    /// <summary>Runs <paramref name="body"/> as one of the launched processes; whatever it throws ends the whole job with exit code 70.</summary>
    /// <returns>What it returned.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "whatever a process throws ends the job, and is reported")]
    public static int Run(Func<MpiCommunicator, int> body, Reductions reductions = Reductions.Deterministic, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        using var world = Start(reductions, timeout);
        try
        {
            return body(world);
        }
        catch (Exception failure)
        {
            world.Abort(failure);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Enter(int layer, Direction direction) => (mpi.Layer, mpi.Direction) = (layer, direction);

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(color);
        // The library's own waiting does not give the processor away: it begins when all are here.
        Barrier();
        nint slot = 0;
        MpiProcess.Check(MpiImports.MPI_Comm_split(handle, color, key, &slot));
        slot = mpi.Abi.FromSlot(slot);
        MpiProcess.Check(MpiImports.MPI_Comm_set_errhandler(slot, mpi.Abi.ErrorsReturn));
        var part = new MpiCommunicator(mpi, slot, reductions, isWorld: false);
        parts.Add(part);
        return part;
    }

    /// <inheritdoc/>
    public void Barrier()
    {
        CheckUse();
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Ibarrier(handle, &request));
        Complete(request, nameof(Barrier));
    }

    /// <inheritdoc/>
    public void Send<T>(ReadOnlySpan<T> data, int target)
        where T : unmanaged
    {
        CheckUse();
        CheckMember(target, nameof(target));
        fixed (T* entries = data)
        {
            nint request = 0;
            MpiProcess.Check(MpiImports.MPI_Isend(Any(entries), data.Length, mpi.TypeOf(sizeof(T)), target, Tag, handle, &request));
            Complete(request, nameof(Send));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="MpiException">The message is longer.</exception>
    /// <exception cref="InvalidOperationException">The message is shorter.</exception>
    public void Receive<T>(Span<T> data, int source)
        where T : unmanaged
    {
        CheckUse();
        CheckMember(source, nameof(source));
        nint type = mpi.TypeOf(sizeof(T)), request = 0;
        long* status = stackalloc long[8]; // larger than MPI_Status of either
        int count;
        fixed (T* entries = data)
        {
            MpiProcess.Check(MpiImports.MPI_Irecv(Any(entries), data.Length, type, source, Tag, handle, &request));
            request = mpi.Abi.FromSlot(request);
            mpi.Complete(&request, nameof(Receive), status);
        }
        MpiProcess.Check(MpiImports.MPI_Get_count(status, type, &count));
        if (count != data.Length) throw new InvalidOperationException($"Receive: rank {source} sent {count} entries where {data.Length} were expected");
    }

    /// <summary>Says on standard error which rank failed, in which layer and direction, and why, and ends all processes with exit code 70.</summary>
    public void Abort(Exception failure) => mpi.Abort(failure);

    /// <summary>Ends all processes with this exit code; whoever calls has said why.</summary>
    public void Abort(int exitCode) => mpi.End(exitCode);

    /// <summary>Frees the group and those split from it. On the group of all processes, ends MPI: a collective call.</summary>
    public void Dispose()
    {
        if (handle == 0) return;
        foreach (var part in parts) part.Dispose();
        if (isWorld)
        {
            Barrier();
            mpi.Finish();
        }
        else
        {
            mpi.CheckThread();
            nint slot = handle;
            MpiProcess.Check(MpiImports.MPI_Comm_free(&slot));
        }
        handle = 0;
    }

    /// <summary>The same group, making sums in another way. It is not disposed of.</summary>
    internal MpiCommunicator With(Reductions others) => new(mpi, handle, others, isWorld: false);

    private void Complete(nint slot, string operation)
    {
        nint request = mpi.Abi.FromSlot(slot);
        mpi.Complete(&request, operation);
    }

    private void CheckUse()
    {
        ObjectDisposedException.ThrowIf(handle == 0, this);
        mpi.CheckThread();
    }

    private void CheckMember(int member, string name)
    {
        if ((uint)member >= (uint)Size) throw new ArgumentOutOfRangeException(name, member, $"the group has ranks 0 … {Size - 1}");
    }
}
