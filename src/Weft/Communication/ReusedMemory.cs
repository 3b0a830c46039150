using System.Runtime.InteropServices;

namespace Weft.Communication;

/// <summary>Native memory that grows when more is asked for and serves again and again. What it held is lost when it grows.</summary>
internal sealed unsafe class ReusedMemory
{
    private void* data;
    private long capacity;

    ~ReusedMemory() => NativeMemory.AlignedFree(data);

    /// <summary>At least so many bytes, 64-byte aligned. They last while this object does.</summary>
    public byte* Take(long bytes)
    {
        if (bytes > capacity)
        {
            NativeMemory.AlignedFree(data);
            data = null;
            capacity = 0;
            data = NativeMemory.AlignedAlloc((nuint)bytes, 64);
            capacity = bytes;
        }
        return (byte*)data;
    }
}
