using System.Runtime.InteropServices;

namespace Weft.Peers;

/// <summary>OpenBLAS's single-precision product, if a library of it is installed.</summary>
internal sealed unsafe class OpenBlas
{
    private const int RowMajor = 101, Plain = 111, Transposed = 112;
    private static readonly string[] Names = ["libopenblas.so.0", "libopenblas", "openblas", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"];

    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> sgemm;
    private readonly delegate* unmanaged<int, void> setThreads;

    private OpenBlas(nint library)
    {
        sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(library, "cblas_sgemm");
        setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads");
        var config = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "openblas_get_config");
        Name = $"{Marshal.PtrToStringUTF8((nint)config())!.Split(" NO_")[0].Split(" DYNAMIC")[0]}, {Core(library)}";
    }

    /// <summary>Its name, version and the kernels that it chose.</summary>
    public string Name { get; }

    /// <summary>The library; null where it is not installed.</summary>
    public static OpenBlas? TryLoad()
    {
        foreach (string name in Names)
            if (NativeLibrary.TryLoad(name, out nint library)) return new OpenBlas(library);
        return null;
    }

    /// <summary>C = A·B or Aᵀ·B, row by row; A is [m, k], or [k, m] where it is transposed.</summary>
    public void Multiply(float* A, float* B, float* C, int m, int n, int k, bool transposed, int threads)
    {
        setThreads(threads);
        sgemm(RowMajor, transposed ? Transposed : Plain, Plain, m, n, k, 1, A, transposed ? m : k, B, n, 0, C, n);
    }

    private static string Core(nint library) =>
        NativeLibrary.TryGetExport(library, "openblas_get_corename", out nint export)
            ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)export)())!
            : "unknown kernels";
}
