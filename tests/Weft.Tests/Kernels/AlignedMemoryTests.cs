using Weft.Memory;

namespace Weft.Tests.Kernels;

public unsafe class AlignedMemoryTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(7, 33)]
    [InlineData(300, 1001)]
    [InlineData(3000, 1001)]
    public void Memory_is_zero_up_to_a_vector_past_the_last_entry_even_where_other_memory_was_freed(long rows, long columns)
    {
        for (int round = 0; round < 3; round++)
        {
            var memory = new AlignedMemory(rows, columns);
            byte* data = (byte*)memory.Data;
            long bytes = rows * columns * sizeof(Real);
            Assert.Equal(0, (nint)data % (bytes >= 1 << 21 ? 1 << 21 : 64));
            for (long p = 0; p < bytes + AlignedMemory.Slack; p++)
                if (data[p] != 0) Assert.Fail($"byte {p} of {rows} × {columns} is {data[p]}");
            new Span<byte>(data, (int)bytes).Fill(0xA5);
            GC.KeepAlive(memory);
            memory = null;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
