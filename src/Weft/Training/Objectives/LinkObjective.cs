using System.Diagnostics;
using Weft.Layers;
using Weft.Links;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training.Objectives;

/// <summary>
/// Links, learned on the message graph as a whole: the model's output are embeddings, a decoder makes a logit of each pair, and the loss is
/// logistic cross-entropy over the training links and as many negatives for each as the settings say, drawn anew in each epoch, links and negatives with
/// the same weight.
/// </summary>
internal sealed class LinkObjective : Objective
{
    private static readonly int[] Depths = [10, 50, 100];

    private readonly LinkData links;
    private readonly TrainingSettings settings;
    private readonly Workspace workspace;
    private readonly Session session;
    private readonly LinkDecoder decoder;
    private readonly int[]? places;
    private readonly PairViews pairs;
    private readonly PairLoss loss;
    private readonly Matrix z, dz, dH;
    private readonly Part train, validation, test;
    private Matrix output;

    public LinkObjective(Model model, TrainingData data, TrainingSettings settings, Workspace workspace)
    {
        links = data.Links ?? throw new ArgumentException("the data have no links; prepare them with the task link");
        decoder = model.Decoder ?? throw new ArgumentException("the model has no decoder of links; build it from settings with a Decoder: dot, bilinear or mlp");
        if (settings.Sampling is not null) throw new ArgumentException("links are learned on the whole message graph: leave out --sampler, --batch-size and the like");
        if (settings.LabelSmoothing > 0 || settings.ClassWeights is not null)
            throw new ArgumentException($"{(settings.LabelSmoothing > 0 ? "label-smoothing" : "class-weights")} is for classes; links have none, and both kinds of pairs weigh the same");
        (this.settings, this.workspace) = (settings, workspace);
        var batch = data.Batches[0];
        session = new Session(model, batch.Graph, batch.Features, workspace);
        places = Places(batch.Graph.Identity.NodeIds);
        int[] self = links.Settings.PositiveLoops ? [.. Enumerable.Range(0, batch.Nodes)] : [];
        var known = Placed(links.Split.Train.Then(new LinkPairs(self, self)));
        int negatives = checked(links.Split.Train.Count * links.Settings.NegativesPerEdge);
        pairs = new PairViews(batch.Nodes, known.Count + negatives);
        known.Source.CopyTo(pairs.Source, 0);
        known.Target.CopyTo(pairs.Target, 0);
        loss = new PairLoss(known.Count, negatives);
        (z, dz, dH) = (Matrix.Allocate(pairs.Count, 1), Matrix.Allocate(pairs.Count, 1), Matrix.Allocate(batch.Nodes, model.Outputs));
        train = new Part(this, links.Split.Train, links.TrainNegatives);
        validation = new Part(this, links.Split.Validation, links.ValidationNegatives);
        test = new Part(this, links.Split.Test, links.TestNegatives);
    }

    public override long ConstantBytes => session.ConstantBytes;

    public override long LossBytes => z.Bytes + dz.Bytes + dH.Bytes + pairs.Bytes + train.Bytes + validation.Bytes + test.Bytes;

    public override int Begin(int epoch, int firstStep) => 1;

    public override (double Loss, long Count) Step(int epoch, int number)
    {
        output = session.Forward(new Pass(settings.Seed, epoch, Training: true));
        int known = loss.Positives, negatives = pairs.Count - known;
        var (source, target) = (new ArraySegment<int>(pairs.Source, known, negatives), new ArraySegment<int>(pairs.Target, known, negatives));
        links.Sampler.Fill(settings.Seed, epoch, source, target);
        if (places is not null)
            for (int p = known; p < pairs.Count; p++) (pairs.Source[p], pairs.Target[p]) = (places[pairs.Source[p]], places[pairs.Target[p]]);
        pairs.Group();
        decoder.Forward(output, pairs, workspace, z);
        double value = loss.Evaluate(z, dz);
        if (!double.IsFinite(value)) return (value, pairs.Count);
        decoder.Backward(output, pairs, dz, workspace, dH);
        session.Backward(dH);
        return (value, pairs.Count);
    }

    public override (EpochReport Report, double Loss, double Score) Report(EpochReport report)
    {
        long started = Stopwatch.GetTimestamp();
        Forward();
        double forward = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var (_, trainRanking) = train.Rank();
        var (judged, ranking) = validation.Rank();
        double score = Score(ranking);
        report = report with
        {
            ForwardMilliseconds = forward,
            TrainScore = Score(trainRanking),
            ValidationLoss = judged,
            ValidationScore = score,
            TestScore = Score(test.Rank().Ranking),
        };
        return (report, judged, score);
    }

    public override Scores Full()
    {
        Forward();
        return new Scores(train.Scores(), validation.Scores(), test.Scores(), null);
    }

    /// <summary>Chance of a link of each of some pairs, logistic(z), by the model's present parameters.</summary>
    /// <param name="asked">Pairs of nodes by their numbers in the set.</param>
    public double[] Chances(LinkPairs asked)
    {
        Forward();
        var views = new PairViews(pairs.Nodes, Placed(asked));
        var logits = Matrix.Allocate(asked.Count, 1);
        decoder.Forward(output, views, workspace, logits);
        return [.. logits.ToArray().Select(logit => 1 / (1 + Math.Exp(-logit)))];
    }

    public override string? NotFiniteInStep() => NotFinite(session, output) ?? NotFiniteLogit();

    public override string? NotFiniteInEvaluation()
    {
        Forward();
        return NotFinite(session, output);
    }

    private void Forward() => output = session.Forward(new Pass(0, 0, Training: false));

    private string? NotFiniteLogit() =>
        Kernels.Elementwise.FirstNotFinite(z) is >= 0 and var at ? $"first not finite: logit of pair {at} = {z[at, 0]}" : null;

    private double Score(Ranking ranking) => settings.Metric switch
    {
        "ap" => ranking.AveragePrecision(),
        "mrr" => ranking.ReciprocalRank(),
        _ => ranking.Auc(),
    };

    private LinkPairs Placed(LinkPairs given) => places is null ? given : given.Renamed(places);

    // Where node i lies; null where every node lies at its number.
    private static int[]? Places(int[] nodes)
    {
        var places = new int[nodes.Length];
        for (int place = 0; place < nodes.Length; place++) places[nodes[place]] = place;
        return places.Index().All(p => p.Index == p.Item) ? null : places;
    }

    /// <summary>Links with the negatives that they are scored against.</summary>
    private sealed class Part(LinkObjective objective, LinkPairs positives, LinkPairs negatives)
    {
        private readonly PairViews views = new(objective.pairs.Nodes, objective.Placed(positives.Then(negatives)));
        private readonly PairLoss loss = new(positives.Count, negatives.Count);
        private readonly Matrix z = Matrix.Allocate(positives.Count + negatives.Count, 1);

        public long Bytes => views.Bytes + z.Bytes;

        public (double Loss, Ranking Ranking) Rank()
        {
            objective.decoder.Forward(objective.output, views, objective.workspace, z);
            return (loss.Evaluate(z), new Ranking(z, loss.Positives));
        }

        public NodeScores Scores()
        {
            var (value, ranking) = Rank();
            return new NodeScores(value, double.NaN, double.NaN, ranking.Auc())
            {
                More =
                [
                    new("ap", ranking.AveragePrecision()),
                    .. Depths.Select(k => KeyValuePair.Create($"hits@{k}", ranking.Hits(k))),
                    new("mrr", ranking.ReciprocalRank()),
                ],
            };
        }
    }
}
