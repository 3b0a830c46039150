using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class NodeProductTests
{
    private static (Matrix Dense, SparseMatrix Sparse) Features(int rows, int columns, Random random)
    {
        var dense = Matrix.Allocate(rows, columns);
        var pointers = new long[rows + 1];
        List<int> index = [];
        List<Real> values = [];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                if (i % 6 != 4 && (j == 0 || random.Next(4) == 0))
                {
                    index.Add(j);
                    values.Add((Real)(2 * random.NextDouble() - 1));
                    dense[i, j] = values[^1];
                }
            pointers[i + 1] = index.Count;
        }
        return (dense, new SparseMatrix(pointers, [.. index], [.. values], columns));
    }

    private static void AssertProducts(NodeMatrix H, Matrix dense, int width, Random random)
    {
        Matrix W = new Guarded(dense.Columns, width, random).View, dX = new Guarded(dense.Rows, width, random).View;
        Guarded X = new(dense.Rows, width, random), dW = new(dense.Columns, width, random);
        var before = Guarded.Copy(X.View);
        bool accumulate = width % 2 == 1;
        NodeProduct.Multiply(H, W, X.View, accumulate);
        NodeProduct.MultiplyTransposedLeft(H, dX, dW.View);
        X.AssertNothingOutsideWasWritten();
        dW.AssertNothingOutsideWasWritten();
        for (long g = 0; g < width; g++)
        {
            for (long i = 0; i < dense.Rows; i++)
            {
                var sum = new NaiveSum();
                if (accumulate) sum.Add(before[i, g]);
                for (long f = 0; f < dense.Columns; f++) sum.Add((double)dense[i, f] * W[f, g]);
                sum.AssertNear(X.View[i, g], $"X({i}, {g}), sparse {H.IsSparse}");
            }
            for (long f = 0; f < dense.Columns; f++)
            {
                var sum = new NaiveSum();
                for (long i = 0; i < dense.Rows; i++) sum.Add((double)dense[i, f] * dX[i, g]);
                sum.AssertNear(dW.View[f, g], $"dW({f}, {g}), sparse {H.IsSparse}");
            }
        }
    }

    [Fact]
    public void Sparse_and_dense_features_give_the_products_of_naive_loops()
    {
        var random = new Random(1);
        foreach (var (rows, columns) in new[] { (13, 9), (1, 1), (0, 5), (5, 0), (30, 4) })
        {
            var (dense, sparse) = Features(rows, columns, random);
            for (int width = 0; width <= 70; width++)
            {
                AssertProducts(dense, dense, width, random);
                AssertProducts(sparse, dense, width, random);
            }
        }
    }

    [Fact]
    public void The_first_rows_of_sparse_features_are_features_too()
    {
        var random = new Random(2);
        var (dense, sparse) = Features(20, 11, random);
        foreach (int rows in new[] { 0, 1, 7, 20 })
        {
            AssertProducts(((NodeMatrix)sparse).Top(rows), dense.Top(rows), 8, random);
            AssertProducts(((NodeMatrix)dense).Top(rows), dense.Top(rows), 8, random);
        }
    }

    [Fact]
    public void A_word_of_many_nodes_is_summed_in_the_dyadic_tree()
    {
        var random = new Random(3);
        foreach (int rows in TestEdges.HubSizes)
        {
            // The word 0 is in all rows but every sixth.
            var (dense, sparse) = Features(rows * 6 / 5, 2, random);
            Matrix dX = Guarded.Random(dense.Rows, 1, random), dW = Matrix.Allocate(2, 1);
            NodeProduct.MultiplyTransposedLeft(sparse, dX, dW);
            int[] withWord = [.. Enumerable.Range(0, (int)dense.Rows).Where(i => i % 6 != 4)];
            Assert.Equal(DyadicTree.Sum(withWord.Length, RowVector.LongestRun, (first, last) =>
            {
                Real sum = 0;
                for (long q = first; q < last; q++) sum = Real.MultiplyAddEstimate(dense[withWord[q], 0], dX[withWord[q], 0], sum);
                return sum;
            }), dW[0, 0]);
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(4);
        var (dense, sparse) = Features(600, 90, random);
        Matrix W = Guarded.Random(90, 21, random), dX = Guarded.Random(600, 21, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix X = Matrix.Allocate(600, 21), dW = Matrix.Allocate(90, 21);
            NodeProduct.Multiply(sparse, W, X);
            NodeProduct.MultiplyTransposedLeft(sparse, dX, dW);
            double[] sparseProducts = [.. X.ToArray(), .. dW.ToArray()];
            NodeProduct.Multiply(dense, W, X);
            NodeProduct.MultiplyTransposedLeft(dense, dX, dW);
            return [.. sparseProducts, .. X.ToArray(), .. dW.ToArray()];
        });
    }
}
