using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>
/// Zachary's karate club: 34 members, 78 friendships, and the faction that each sided with when the club split.
/// W. W. Zachary, An Information Flow Model for Conflict and Fission in Small Groups, J. Anthropological Research 33 (1977).
/// </summary>
internal static class Karate
{
    // Friends of each member with a higher number.
    private static readonly int[][] Friends =
    [
        [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
        [2, 3, 7, 13, 17, 19, 21, 30],
        [3, 7, 8, 9, 13, 27, 28, 32],
        [7, 12, 13],
        [6, 10],
        [6, 10, 16],
        [16],
        [],
        [30, 32, 33],
        [33],
        [], [], [],
        [33],
        [32, 33],
        [32, 33],
        [], [],
        [32, 33],
        [33],
        [32, 33],
        [],
        [32, 33],
        [25, 27, 29, 32, 33],
        [25, 27, 31],
        [31],
        [29, 33],
        [33],
        [31, 33],
        [32, 33],
        [32, 33],
        [32, 33],
        [33],
        [],
    ];

    private static readonly int[] Administrators = [9, 14, 15, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33];

    /// <summary>
    /// The set: both directions of each friendship, identity features, class 0 for the instructor's side and 1 for the
    /// administrator's. Those two men, 0 and 33, are the labelled nodes; all others are for test.
    /// </summary>
    public static Dataset Create()
    {
        const int members = 34;
        int[] source = [.. Friends.SelectMany((friends, i) => friends.Select(_ => i))], destination = [.. Friends.SelectMany(friends => friends)];
        var edges = new EdgeList(members, source, destination).Undirected().Simple();
        var labels = new int[members];
        foreach (int i in Administrators) labels[i] = 1;
        var (train, test) = (new bool[members], new bool[members]);
        for (int i = 0; i < members; i++) (train[i], test[i]) = (i is 0 or 33, i is not (0 or 33));
        return new Dataset
        {
            Name = "karate",
            Edges = edges,
            Features = FeatureMatrix.Make(FeatureKind.OneHot, edges),
            Labels = labels,
            Classes = 2,
            ClassNames = ["instructor", "administrator"],
            Splits = [new Split("two labelled", train, new bool[members], test)],
        };
    }
}
