using System.CommandLine;

namespace Weft.Cli.Commands;

/// <summary><c>weft data</c>: what there is to learn from.</summary>
internal static class Data
{
    public static Command Create()
    {
        var verb = new Verb("data", "Data sets: list, look into, fetch, convert, partition, generate, split for links.",
            "weft data list",
            "weft data info cora",
            "weft data convert edges.csv graph.npz")
        {
            DataList.Create(), DataInfo.Create(), DataFetch.Create(), DataConvert.Create(), DataPartition.Create(), DataGenerate.Create(), DataSplitLinks.Create(), DataCheckLeakage.Create(),
        };
        return verb;
    }
}
