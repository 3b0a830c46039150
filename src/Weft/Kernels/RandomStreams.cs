namespace Weft.Kernels;

/// <summary>What a random number is for.</summary>
internal enum RandomPurpose
{
    FeatureDropout = 1,
    AttentionDropout = 2,
    EdgeDropout = 3,
}

/// <summary>
/// The stream word of the random counter. Parameters, layers and data have streams of their own, so that no two uses of a
/// seed ever draw the same numbers.
/// </summary>
internal static class RandomStreams
{
    // The first of the four spaces is that of samples.
    private const uint ParameterSpace = 1u << 30, LayerSpace = 2u << 30, DataSpace = 3u << 30;

    public static uint Parameter(int number) => ParameterSpace | (uint)number;

    public static uint Layer(int layer, RandomPurpose purpose) => LayerSpace | ((uint)layer << 4) | (uint)purpose;

    public static uint Sample(int purpose, int layer = 0) => ((uint)purpose << 16) | (uint)layer;

    /// <summary>What all layers of a step share: the number that no layer has.</summary>
    public static uint Step(RandomPurpose purpose) => LayerSpace | (0x3FFFFFFu << 4) | (uint)purpose;

    public static uint Data(int purpose) => DataSpace | (uint)purpose;
}
