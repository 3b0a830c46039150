using System.Security.Cryptography;
using Weft.Datasets;
using Weft.Layers;
using Weft.Memory;
using Weft.Optimizers;
using Weft.Training;

namespace Weft.Tests.Training;

public class CheckpointTests
{
    private const string Next = Checkpoint.NextFileName;

    /// <summary>A run in small: gradients that depend on parameters and epoch, Adam, a plateau, a stopping rule, best parameters.</summary>
    private sealed class Run
    {
        private readonly (string Name, Parameter Parameter)[] parameters;
        private readonly Adam optimizer;
        private readonly Schedule schedule = Schedule.Parse("plateau:2");
        private readonly EarlyStopping stopping = EarlyStopping.Create("best", 5);
        private readonly (string Name, Matrix Value)[] best;

        public Run()
        {
            parameters = [("l1.W", new Parameter("W", 3, 7, Initializer.Glorot)), ("l1.b", new Parameter("b", 1, 7, Initializer.Zero))];
            for (int p = 0; p < parameters.Length; p++) parameters[p].Parameter.Initialize(3, p);
            optimizer = new Adam(parameters, new WeightDecay(0.01));
            best = [.. parameters.Select(p => (p.Name, Matrix.Allocate(p.Parameter.Value.Rows, p.Parameter.Value.Columns)))];
        }

        public int Epoch { get; private set; }

        public string Sha256 => ParameterDigest.Sha256(parameters.Select(p => (p.Name, p.Parameter.Value))) + ParameterDigest.Sha256(best) + string.Join(' ', stopping.State) + string.Join(' ', schedule.State);

        public void Train(int epochs)
        {
            for (; epochs > 0; epochs--, Epoch++)
            {
                foreach (var (_, parameter) in parameters)
                    for (int j = 0; j < parameter.Value.Columns; j++) parameter.Gradient[0, j] = (Real)(parameter.Value[0, j] - Math.Sin(Epoch + j));
                optimizer.Step(0.1 * schedule.Factor(Epoch));
                double score = Math.Sin(1.3 * Epoch);
                schedule.Report(score);
                if (!stopping.Report(-score, score).Keep) continue;
                for (int p = 0; p < best.Length; p++) parameters[p].Parameter.Value.CopyTo(best[p].Value);
            }
        }

        public void Save(string folder)
        {
            var checkpoint = new Checkpoint(Epoch);
            checkpoint.Texts["configuration"] = "é";
            checkpoint.Add(parameters, optimizer);
            checkpoint.Add("best", best);
            checkpoint.Add("stopping", stopping.State);
            checkpoint.Add("schedule", schedule.State);
            checkpoint.Save(folder);
        }

        public static Run Load(string folder)
        {
            var checkpoint = Checkpoint.Load(folder)!;
            Assert.Equal("é", checkpoint.Texts["configuration"]);
            var run = new Run { Epoch = checkpoint.Epoch };
            checkpoint.Restore(run.parameters, run.optimizer);
            checkpoint.Restore("best", run.best);
            run.stopping.State = checkpoint.Numbers("stopping");
            run.schedule.State = checkpoint.Numbers("schedule");
            return run;
        }
    }

    [Fact]
    public void A_run_that_goes_on_from_a_checkpoint_ends_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var whole = new Run();
        whole.Train(20);
        for (int cut = 0; cut < 20; cut++)
        {
            var first = new Run();
            first.Train(cut);
            first.Save(folder.Path);
            var second = Run.Load(folder.Path);
            Assert.Equal(cut, second.Epoch);
            second.Train(20 - cut);
            Assert.Equal(whole.Sha256, second.Sha256);
            Directory.GetFiles(folder.Path).ToList().ForEach(File.Delete);
        }
    }

    /// <summary>Every state that a killed run can leave: before, during and after the writing, and between the two renames.</summary>
    [Fact]
    public void A_run_killed_at_any_moment_of_saving_leaves_a_checkpoint_that_can_be_used()
    {
        using var folder = new TemporaryFolder();
        var run = new Run();
        run.Train(1);
        run.Save(folder.Path);
        run.Train(1);
        run.Save(folder.Path);
        byte[] older = File.ReadAllBytes(folder.File(Checkpoint.PreviousFileName)), newer = File.ReadAllBytes(folder.File(Checkpoint.FileName));
        run.Train(1);
        run.Save(folder.Path);
        byte[] newest = File.ReadAllBytes(folder.File(Checkpoint.FileName));
        Assert.Equal(newer, File.ReadAllBytes(folder.File(Checkpoint.PreviousFileName)));
        Assert.False(File.Exists(folder.File(Next)));

        void Expect(int epoch, byte[]? current, byte[]? previous, byte[]? next)
        {
            foreach (var (name, bytes) in new[] { (Checkpoint.FileName, current), (Checkpoint.PreviousFileName, previous), (Next, next) })
            {
                File.Delete(folder.File(name));
                if (bytes is not null) File.WriteAllBytes(folder.File(name), bytes);
            }
            Assert.Equal(epoch, Checkpoint.Load(folder.Path)?.Epoch ?? 0);
            var resumed = epoch == 0 ? new Run() : Run.Load(folder.Path);
            resumed.Train(1);
            resumed.Save(folder.Path);
            Assert.Equal(epoch + 1, Checkpoint.Load(folder.Path)!.Epoch);
        }

        for (int length = 0; length < newest.Length; length += 41)
        {
            Expect(2, newer, older, newest[..length]);
            Expect(0, null, null, newest[..length]);
            // Part of a first checkpoint takes no name that stands for a whole one: killed again, the run still begins anew.
            Assert.False(File.Exists(folder.File(Checkpoint.PreviousFileName)));
        }
        Expect(3, newer, older, newest);
        Expect(3, null, newer, newest);
        Expect(3, newest, newer, null);
        // A broken newest: the one before serves, and saving again never leaves less than one whole.
        byte[] broken = newest[..^1];
        Expect(2, broken, newer, null);
        Expect(3, broken, newer, newest);
        Expect(3, null, broken, newest);
        Assert.Equal(newest, File.ReadAllBytes(folder.File(Checkpoint.PreviousFileName)));
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_noticed()
    {
        using var folder = new TemporaryFolder();
        var run = new Run();
        run.Train(2);
        run.Save(folder.Path);
        string path = folder.File(Checkpoint.FileName);
        byte[] whole = File.ReadAllBytes(path);
        int unnoticed = 0;
        for (int p = 0; p < whole.Length; p++)
        {
            byte[] flipped = [.. whole];
            flipped[p] ^= 0x10;
            File.WriteAllBytes(path, flipped);
            try
            {
                Checkpoint.Load(folder.Path);
                unnoticed++;
            }
            catch (DataFormatException problem)
            {
                Assert.Contains("no checkpoint can be used", problem.Message);
            }
        }
        // Blanks that pad the header may change into other blanks only; 0x10 makes them '0', which is no JSON.
        Assert.Equal(0, unnoticed);
    }

    [Fact]
    public void Where_both_are_broken_the_message_names_both_and_an_empty_folder_has_none()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(Checkpoint.Load(folder.Path));
        File.WriteAllText(folder.File(Checkpoint.FileName), "no");
        File.WriteAllText(folder.File(Checkpoint.PreviousFileName), "nothing of use here");
        string message = Assert.Throws<DataFormatException>(() => Checkpoint.Load(folder.Path)).Message;
        Assert.Contains(Checkpoint.FileName, message);
        Assert.Contains(Checkpoint.PreviousFileName, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused()
    {
        using var folder = new TemporaryFolder();
        new Run().Save(folder.Path);
        var checkpoint = Checkpoint.Load(folder.Path)!;
        (string, Parameter)[] same = [("l1.W", new Parameter("W", 3, 7, Initializer.Zero))];
        Assert.Contains("the optimiser is adam", Assert.Throws<DataFormatException>(() => checkpoint.Restore(same, new Sgd(same))).Message);
        (string, Parameter)[] wider = [("l1.W", new Parameter("W", 7, 3, Initializer.Zero))];
        Assert.Contains("the shape is [3, 7]", Assert.Throws<DataFormatException>(() => checkpoint.Restore(wider, new Adam(wider))).Message);
        (string, Parameter)[] other = [("l2.W", new Parameter("W", 3, 7, Initializer.Zero))];
        Assert.Contains("parameters/l2.W", Assert.Throws<DataFormatException>(() => checkpoint.Restore(other, new Adam(other))).Message);
        Assert.Contains("tensor scores", Assert.Throws<DataFormatException>(() => checkpoint.Numbers("scores")).Message);
    }

    [Fact]
    public void The_digest_of_parameters_is_that_of_their_bytes_in_the_order_of_their_names()
    {
        var W = new Parameter("W", 2, 3, Initializer.Glorot);
        var b = new Parameter("b", 1, 3, Initializer.Glorot);
        W.Initialize(1, 0);
        b.Initialize(1, 1);
        byte[] bytes = [.. W.Value.ToArray().Concat(b.Value.ToArray()).SelectMany(v => sizeof(Real) == 8 ? BitConverter.GetBytes(v) : BitConverter.GetBytes((float)v))];
        string expected = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal(expected, ParameterDigest.Sha256([("l1.W", W.Value), ("l1.b", b.Value)]));
        Assert.Equal(expected, ParameterDigest.Sha256([("l1.b", b.Value), ("l1.W", W.Value)]));
    }
}
