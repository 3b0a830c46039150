using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

public class FusedAttentionAdjointTests
{
    /// <summary>A block may have more sources than destinations. The second row of these terms is nowhere: who reads it ends the process.</summary>
    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 16)]
    public unsafe void The_pass_over_sources_reads_terms_of_destinations_only(int heads, int d)
    {
        const int sources = 40;
        var random = new Random(7);
        int[] source = [.. Enumerable.Range(0, sources)], destination = new int[sources];
        var bySource = EdgeView.Group(destination, source, 1, sources, out _).Transpose();
        Matrix X = Guarded.Random(sources, heads * d, random), dZ = Guarded.Random(1, heads * d, random), own = Guarded.Random(1, heads, random), other = Guarded.Random(sources, heads, random);
        var terms = Guarded.Random(1, RowTerms.Count * heads, random);
        var far = new Matrix(terms.Data, 1, terms.Columns, 1L << 40, null);
        Matrix Run(Matrix at)
        {
            Matrix dX = Matrix.Allocate(sources, heads * d), dOther = Matrix.Allocate(sources, heads);
            FusedAttentionAdjoint.Sources(bySource, new SumScore(other, own, (Real)0.2), X, dZ, heads, at, default, dOther, dX, default, default);
            return dX;
        }
        var expected = Run(terms);
        Assert.Equal(expected.ToArray(), Run(far).ToArray());
        Assert.Contains(expected.ToArray(), x => x != 0);
        GC.KeepAlive(terms);
    }
}
