using System.Runtime.InteropServices;

namespace Weft.Peers;

/// <summary>SuiteSparse:GraphBLAS's product of a sparse and a full matrix, if its library is installed.</summary>
internal sealed unsafe class GraphBlas
{
    private const int Success = 0, Blocking = 1, GlobalThreads = 5;
    private static readonly string[] Names = ["libgraphblas.so.7", "libgraphblas.so", "libgraphblas", "graphblas"];

    private readonly nint library;
    private readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int> mxm;
    private readonly delegate* unmanaged<int, int, int> setOption;
    private readonly nint fp32, plusTimes, plus;

    private GraphBlas(nint library)
    {
        this.library = library;
        // Release by release the library exports more; one too old for these is not a peer.
        mxm = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int>)Export("GrB_mxm");
        setOption = (delegate* unmanaged<int, int, int>)Export("GxB_Global_Option_set_INT32");
        Check(((delegate* unmanaged<int, int>)Export("GrB_init"))(Blocking));
        (fp32, plusTimes, plus) = (Value("GrB_FP32"), Value("GrB_PLUS_TIMES_SEMIRING_FP32"), Value("GrB_PLUS_FP32"));
    }

    /// <summary>Its name.</summary>
    public static string Name => "SuiteSparse:GraphBLAS";

    /// <summary>The library; null where it is not installed.</summary>
    public static GraphBlas? TryLoad()
    {
        foreach (string name in Names)
            if (NativeLibrary.TryLoad(name, out nint library)) return new GraphBlas(library);
        return null;
    }

    /// <summary>A sparse matrix by rows.</summary>
    public nint Sparse(long rows, long columns, ReadOnlySpan<long> pointers, ReadOnlySpan<int> index, ReadOnlySpan<float> values)
    {
        ulong* p = Take<ulong>(pointers.Length), j = Take<ulong>(index.Length);
        float* x = Take<float>(values.Length);
        for (int i = 0; i < pointers.Length; i++) p[i] = (ulong)pointers[i];
        for (int e = 0; e < index.Length; e++) j[e] = (ulong)index[e];
        values.CopyTo(new Span<float>(x, values.Length));
        nint matrix;
        var import = (delegate* unmanaged<nint*, nint, ulong, ulong, ulong**, ulong**, float**, ulong, ulong, ulong, byte, byte, nint, int>)Export("GxB_Matrix_import_CSR");
        Check(import(&matrix, fp32, (ulong)rows, (ulong)columns, &p, &j, &x, 8 * (ulong)pointers.Length, 8 * (ulong)index.Length, 4 * (ulong)values.Length, 0, 1, 0));
        return matrix;
    }

    /// <summary>A full matrix by rows, with a copy of these numbers.</summary>
    public nint Full(long rows, long columns, float* values)
    {
        float* x = (float*)NativeMemory.Alloc((nuint)(rows * columns), sizeof(float));
        NativeMemory.Copy(values, x, (nuint)(rows * columns * sizeof(float)));
        nint matrix;
        var import = (delegate* unmanaged<nint*, nint, ulong, ulong, float**, ulong, byte, nint, int>)Export("GxB_Matrix_import_FullR");
        Check(import(&matrix, fp32, (ulong)rows, (ulong)columns, &x, 4 * (ulong)(rows * columns), 0, 0));
        return matrix;
    }

    /// <summary>Z = A·X, or Z += A·X, for which the library has a kernel of its own.</summary>
    public void Multiply(nint A, nint X, nint Z, bool accumulate, int threads)
    {
        Check(setOption(GlobalThreads, threads));
        Check(mxm(Z, 0, accumulate ? plus : 0, plusTimes, A, X, 0));
    }

    /// <summary>Frees a matrix.</summary>
    public void Free(nint matrix) => Check(((delegate* unmanaged<nint*, int>)Export("GrB_Matrix_free"))(&matrix));

    // The library takes the memory over and frees it with the C library, as NativeMemory does.
    private static T* Take<T>(int count) where T : unmanaged => (T*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(T));

    private nint Export(string name) => NativeLibrary.GetExport(library, name);

    private nint Value(string name) => *(nint*)Export(name);

    private static void Check(int code)
    {
        if (code != Success) throw new InvalidOperationException($"SuiteSparse:GraphBLAS answered {code}");
    }
}
