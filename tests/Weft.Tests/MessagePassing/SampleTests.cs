using System.Globalization;
using Weft.Tests.Datasets;
using Weft.Tests.Readme;

namespace Weft.Tests.MessagePassing;

/// <summary>The sample that adds a layer from outside the library.</summary>
public class SampleTests
{
    private static string Folder => Path.Combine(ReadmeTests.Root(), "samples", "OwnLayer");

    [Fact]
    public void The_sample_checks_its_gradients()
    {
        var (code, output, _) = Run("check");
        Assert.Equal(0, code);
        Assert.Equal(4, output.Split('\n').Count(line => line.StartsWith("holds  d", StringComparison.Ordinal)));
        Assert.DoesNotContain("WRONG", output);
    }

    [Fact]
    public void The_sample_trains_on_the_generated_citations()
    {
        var (code, output, _) = Run("citations");
        Assert.Equal(0, code);
        Assert.InRange(Accuracy(output), 60, 100);
    }

    [Fact]
    public void The_sample_trains_on_Cora_as_its_page_says()
    {
        if (RealData.Find("cora.npz") is not { } cora) return;
        var (code, output, _) = Run(cora);
        Assert.Equal(0, code);
        Assert.InRange(Accuracy(output), 73, 85);
    }

    [Fact]
    public void Without_the_data_the_sample_says_so()
    {
        var (code, _, error) = Run("no-such-set");
        Assert.Equal(2, code);
        Assert.Contains("there is no set no-such-set", error);
        Assert.Contains("weft data list", error);
    }

    [Fact]
    public void The_sample_uses_the_public_surface_alone_and_its_page_shows_its_lines()
    {
        Assert.DoesNotContain("OwnLayer", File.ReadAllText(Path.Combine(ReadmeTests.Root(), "src", "Weft", "Weft.csproj")));
        string page = File.ReadAllText(Path.Combine(Folder, "README.md")).ReplaceLineEndings("\n");
        string source = File.ReadAllText(Path.Combine(Folder, "GatedConvolution.cs")).ReplaceLineEndings("\n");
        string shown = page.Split("```csharp\n")[1].Split("```")[0];
        Assert.Contains(shown, source);
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = OwnLayer.Program.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static double Accuracy(string output) =>
        double.Parse(output.Split("test accuracy ")[1].Split('%')[0].Trim(), CultureInfo.InvariantCulture);
}
