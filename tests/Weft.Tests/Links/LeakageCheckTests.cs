using Weft.Graphs;
using Weft.Links;
using Weft.Tests.Oracles;

namespace Weft.Tests.Links;

public class LeakageCheckTests
{
    private static readonly LinkSplit Split = LinkSplit.Create(new EdgeList(300, TestGraphs.ThreeHundred.Source, TestGraphs.ThreeHundred.Destination), LinkShares.Parse("70/10/20"), 1);

    private static readonly LinkPairs Negatives = new NegativeSampler(new EdgeSet(Split.Edges, directed: false), Split.Message, "uniform").Distinct(100, 1, LinkStreams.Evaluation, "test");

    private static LinkPairs Message => new(Split.Message.Source, Split.Message.Destination);

    private static LinkPairs With(LinkPairs pairs, int source, int target) => pairs.Then(new LinkPairs([source], [target]));

    private static IReadOnlyList<Leak> Find(LinkPairs? message = null, LinkPairs? train = null, LinkPairs? validation = null, LinkPairs? test = null, LinkPairs? negatives = null, bool directed = false) =>
        LeakageCheck.Find(message ?? Message,
        [
            new("train", train ?? Split.Train, null),
            new("validation", validation ?? Split.Validation, null),
            new("test", test ?? Split.Test, negatives ?? Negatives),
        ], null, directed);

    [Fact]
    public void A_split_of_ours_has_no_leak() => Assert.Empty(Find());

    [Fact]
    public void A_held_out_edge_among_the_messages_is_found_and_so_is_its_reverse()
    {
        var (i, j) = (Split.Test.Source[5], Split.Test.Target[5]);
        Assert.Equal(new Leak("edges of test that are in the message graph too", 1, i, j), Assert.Single(Find(message: With(Message, i, j))));
        Assert.Equal(new Leak("edges of test whose reverse is in the message graph", 1, i, j), Assert.Single(Find(message: With(Message, j, i))));
        Assert.Equal(2, Assert.Single(Find(message: With(With(Message, Split.Validation.Target[2], Split.Validation.Source[2]), Split.Validation.Target[0], Split.Validation.Source[0]))).Count);
    }

    [Fact]
    public void An_edge_in_two_parts_is_found_in_either_direction()
    {
        var (i, j) = (Split.Validation.Source[1], Split.Validation.Target[1]);
        Assert.Equal(new Leak("edges of test that are in validation too, as they are or reversed", 1, j, i), Assert.Single(Find(test: With(Split.Test, j, i))));
        Assert.Equal(new Leak("edges of validation that are in train too, as they are or reversed", 1, i, j), Assert.Single(Find(train: With(Split.Train, j, i))));
        Assert.Equal(new Leak("edges that are in test twice", 1, Split.Test.Target[0], Split.Test.Source[0]), Assert.Single(Find(test: With(Split.Test, Split.Test.Target[0], Split.Test.Source[0]))));
    }

    [Fact]
    public void A_negative_that_is_an_edge_is_found_but_not_the_reverse_of_one_where_direction_counts()
    {
        var (i, j) = (Split.Test.Source[3], Split.Test.Target[3]);
        Assert.Equal(new Leak("negatives of test that are edges", 1, j, i), Assert.Single(Find(negatives: With(Negatives, j, i))));
        Assert.Empty(Find(negatives: With(Negatives, j, i), directed: true));
        Assert.Single(Find(negatives: With(Negatives, i, j), directed: true));
        Assert.Equal(new Leak("negatives that are in test twice", 1, Negatives.Source[0], Negatives.Target[0]), Assert.Single(Find(negatives: With(Negatives, Negatives.Source[0], Negatives.Target[0]))));
    }

    [Fact]
    public void A_negative_that_is_an_edge_of_the_whole_graph_alone_is_found()
    {
        var whole = new LinkPairs([Negatives.Target[7]], [Negatives.Source[7]]);
        Assert.Equal(new Leak("negatives of test that are edges", 1, Negatives.Source[7], Negatives.Target[7]),
            Assert.Single(LeakageCheck.Find(Message, [new("test", Split.Test, Negatives)], whole, directed: false)));
    }
}
