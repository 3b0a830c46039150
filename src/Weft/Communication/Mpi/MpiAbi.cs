using System.Runtime.InteropServices;

namespace Weft.Communication.Mpi;

/// <summary>
/// Everything in which the two families of MPI differ. In Open MPI a handle is the address of an exported variable; in MPICH,
/// and all that share its binary interface, it is a 32-bit number that its header fixes.
/// </summary>
internal sealed unsafe class MpiAbi
{
    private MpiAbi(bool openMpi, Func<string, nint, nint> handle)
    {
        IsOpenMpi = openMpi;
        World = handle("ompi_mpi_comm_world", 0x44000000);
        Self = handle("ompi_mpi_comm_self", 0x44000001);
        ErrorsReturn = handle("ompi_mpi_errors_return", 0x54000001);
        Byte = handle("ompi_mpi_byte", 0x4c00010d);
        Int32 = handle("ompi_mpi_int32_t", 0x4c000439);
        Int64 = handle("ompi_mpi_int64_t", 0x4c00083a);
        Float = handle("ompi_mpi_float", 0x4c00040a);
        Double = handle("ompi_mpi_double", 0x4c00080b);
        Sum = handle("ompi_mpi_op_sum", 0x58000003);
        Max = handle("ompi_mpi_op_max", 0x58000001);
        Min = handle("ompi_mpi_op_min", 0x58000002);
        InPlace = (void*)(openMpi ? 1 : -1);
        IgnoredStatus = (void*)(openMpi ? 0 : 1);
    }

    public bool IsOpenMpi { get; }

    public nint World { get; }

    public nint Self { get; }

    public nint ErrorsReturn { get; }

    public nint Byte { get; }

    public nint Int32 { get; }

    public nint Int64 { get; }

    public nint Float { get; }

    public nint Double { get; }

    public nint Sum { get; }

    public nint Max { get; }

    public nint Min { get; }

    public void* InPlace { get; }

    public void* IgnoredStatus { get; }

    /// <summary>The interface of a library that is loaded.</summary>
    public static MpiAbi Of(nint library) => NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _)
        ? new MpiAbi(true, (symbol, _) => NativeLibrary.GetExport(library, symbol))
        : new MpiAbi(false, (_, number) => number);

    /// <summary>
    /// The handle in a slot, zero before, that the library has written: MPICH writes four of the eight bytes, and its handles
    /// may be negative.
    /// </summary>
    public nint FromSlot(nint slot) => IsOpenMpi ? slot : (int)slot;
}
