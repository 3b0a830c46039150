using Weft.Kernels;
using Weft.Memory;

namespace Weft.Measurement;

/// <summary>
/// Matrices for kernels to work on. They come into being at their first use: a list of works alone takes no memory.
/// </summary>
internal sealed class Operands(ulong seed)
{
    private uint drawn;

    /// <summary>Numbers in −1 … 1.</summary>
    public Lazy<Matrix> Random(long rows, long columns)
    {
        uint stream = drawn++;
        return new(() =>
        {
            var matrix = Matrix.Allocate(rows, columns);
            CounterRandom.UniformRange(matrix, -1, 1, new RandomKey(seed, 0, stream));
            return matrix;
        });
    }

    /// <summary>Zeros, on pages of its own.</summary>
    public static Lazy<Matrix> Zero(long rows, long columns) => new(() => Matrix.Allocate(rows, columns));
}
