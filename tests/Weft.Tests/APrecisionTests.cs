using Weft.Memory;

namespace Weft.Tests;

/// <summary>Both test projects compile the same sources; these tests say which library they really got.</summary>
public class APrecisionTests
{
    [Fact]
    public void The_project_tests_the_precision_that_it_is_named_for()
    {
        int expected = typeof(APrecisionTests).Assembly.GetName().Name == "Weft.Tests.Float64" ? 8 : 4;
        Assert.Equal(expected, sizeof(Real));
        Assert.Equal(expected, Matrix.BytesPerEntry);
    }
}
