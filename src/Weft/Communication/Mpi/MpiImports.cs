using System.Runtime.InteropServices;

namespace Weft.Communication.Mpi;

/// <summary>
/// The functions of MPI that are used. Every handle is an nint: a pointer under Open MPI, a 32-bit number under MPICH. The name
/// of the library is made up, so that nothing on disk answers to it: <see cref="MpiLibrary"/> says which file it is.
/// </summary>
/// <remarks>No call may suppress the transition out of managed code: a process that waits would stop the garbage collector.</remarks>
internal static unsafe partial class MpiImports
{
    public const string Library = "weft-mpi";

    [LibraryImport(Library)]
    public static partial int MPI_Init_thread(int* argc, void* argv, int required, int* provided);

    [LibraryImport(Library)]
    public static partial int MPI_Initialized(int* flag);

    [LibraryImport(Library)]
    public static partial int MPI_Finalize();

    [LibraryImport(Library)]
    public static partial int MPI_Abort(nint comm, int code);

    [LibraryImport(Library)]
    public static partial int MPI_Get_library_version(byte* text, int* length);

    [LibraryImport(Library)]
    public static partial int MPI_Error_string(int code, byte* text, int* length);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_rank(nint comm, int* rank);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_size(nint comm, int* size);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_split(nint comm, int color, int key, nint* part);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_free(nint* comm);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_set_errhandler(nint comm, nint handler);

    [LibraryImport(Library)]
    public static partial int MPI_Ibarrier(nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Ibcast(void* data, int count, nint type, int root, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Allreduce(void* send, void* receive, int count, nint type, nint op, nint comm);

    [LibraryImport(Library)]
    public static partial int MPI_Reduce_scatter(void* send, void* receive, int* counts, nint type, nint op, nint comm);

    [LibraryImport(Library)]
    public static partial int MPI_Iallreduce(void* send, void* receive, int count, nint type, nint op, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Ireduce_scatter(void* send, void* receive, int* counts, nint type, nint op, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Iallgatherv(void* send, int count, nint sendType, void* receive, int* counts, int* displacements, nint receiveType, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Ialltoallv(void* send, int* sendCounts, int* sendDisplacements, nint sendType, void* receive, int* receiveCounts, int* receiveDisplacements, nint receiveType, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Isend(void* data, int count, nint type, int target, int tag, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Irecv(void* data, int count, nint type, int source, int tag, nint comm, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Test(nint* request, int* flag, void* status);

    [LibraryImport(Library)]
    public static partial int MPI_Get_count(void* status, nint type, int* count);

    [LibraryImport(Library)]
    public static partial int MPI_Type_contiguous(int count, nint of, nint* type);

    [LibraryImport(Library)]
    public static partial int MPI_Type_commit(nint* type);

    [LibraryImport(Library)]
    public static partial int MPI_Type_free(nint* type);
}
