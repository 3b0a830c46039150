using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Sampling;

/// <summary>
/// The batches of epoch after epoch in their order, drawn ahead of whoever takes them. Worker w of W draws every W-th batch and hands
/// it over through a channel of its own that holds a few; so the order is known without waiting for one another, and since a batch is a
/// function of its place alone, the number of workers never shows in it.
/// </summary>
internal sealed class SampleStream : IDisposable
{
    /// <summary>Finished batches that wait in a worker's channel.</summary>
    private const int Ahead = 2;

    private readonly ISampler sampler;
    private readonly StoredGraph graph;
    private readonly Action<Graph[]> prepare;
    private readonly Channel<MiniBatch>[] channels;
    private readonly Thread[] threads;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Matrix> free = [];
    private readonly int epochs;
    private int turn;

    /// <summary>Starts the workers.</summary>
    /// <param name="sampler">What draws.</param>
    /// <param name="graph">What it draws from.</param>
    /// <param name="prepare">Makes what layers will ask the blocks for; called by workers.</param>
    /// <param name="workers">Threads that draw.</param>
    /// <param name="epoch">Epoch of the first batch.</param>
    /// <param name="number">Number of the first batch in that epoch.</param>
    /// <param name="epochs">The epoch before which the batches end.</param>
    public SampleStream(ISampler sampler, StoredGraph graph, Action<Graph[]> prepare, int workers, int epoch, int number, int epochs)
    {
        (this.sampler, this.graph, this.prepare, this.epochs) = (sampler, graph, prepare, epochs);
        Next = (epoch, number);
        channels = [.. Enumerable.Range(0, workers).Select(_ => Channel.CreateBounded<MiniBatch>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true }))];
        threads = [.. Enumerable.Range(0, workers).Select(w => new Thread(() => Work(w, epoch, number)) { IsBackground = true, Name = $"weft sampler {w}" })];
        foreach (var thread in threads) thread.Start();
    }

    /// <summary>Epoch and number of the batch that <see cref="Take"/> gives next.</summary>
    public (int Epoch, int Number) Next { get; private set; }

    /// <summary>The next batch; waits until it is drawn.</summary>
    /// <exception cref="Exception">What stopped the worker, if something did.</exception>
    public MiniBatch Take()
    {
        var reader = channels[turn].Reader;
        MiniBatch? batch;
        while (!reader.TryRead(out batch))
            if (!reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult()) throw new InvalidOperationException("there is no batch left");
        turn = (turn + 1) % channels.Length;
        Next = After(batch.Epoch, batch.Number);
        return batch;
    }

    /// <summary>The batch is done with: its memory may be used again.</summary>
    public void Return(MiniBatch batch)
    {
        if (!batch.Memory.IsMissing) free.Add(batch.Memory);
    }

    /// <summary>Ends the workers.</summary>
    public void Dispose()
    {
        stop.Cancel();
        foreach (var thread in threads) thread.Join();
        stop.Dispose();
    }

    private (int Epoch, int Number) After(int epoch, int number) => number + 1 < sampler.Batches(epoch) ? (epoch, number + 1) : (epoch + 1, 0);

    [SuppressMessage("Design", "CA1031", Justification = "whatever stops a worker is thrown where its batch is taken")]
    private void Work(int worker, int epoch, int number)
    {
        var writer = channels[worker].Writer;
        try
        {
            var scratch = new SampleScratch(graph.Adjacency);
            for (int place = 0; epoch < epochs && !stop.IsCancellationRequested; place++, (epoch, number) = After(epoch, number))
            {
                if (place % channels.Length != worker) continue;
                long started = Stopwatch.GetTimestamp();
                if (!free.TryTake(out var memory)) memory = default;
                var batch = MiniBatch.Draw(sampler, graph.Features, epoch, number, scratch, memory);
                prepare(batch.Sample.Blocks);
                batch.Milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                while (!writer.TryWrite(batch))
                    if (!writer.WaitToWriteAsync(stop.Token).AsTask().GetAwaiter().GetResult()) return;
            }
            writer.Complete();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            writer.Complete();
        }
        catch (Exception problem)
        {
            writer.Complete(problem);
        }
    }
}
