using System.Globalization;
using System.Numerics;
using Weft.Communication;
using Weft.Distributed;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Mpi;

/// <summary>
/// Bytes that arrive at the link of each emulated host against the words that a meter counts; one rank on each host, started by
/// tools/emulated-cluster/wire.sh.
/// </summary>
internal static class WireScenario
{
    private const int Entries = 200_003, Calls = 5;

    // Ethernet, IP and TCP with time stamps.
    private const int HeaderBytes = 14 + 20 + 32;

    public static int Run() => MpiCommunicator.Run(world =>
    {
        if (Received() is null) throw new InvalidOperationException("there is no eth0 here: start this with tools/emulated-cluster/wire.sh");
        int size = world.Size, failures = 0;
        long[] counts = [.. Enumerable.Range(0, size).Select(q => Pieces.Balanced(Entries, size, q))];
        long own = counts[world.Rank];
        long[] same = [.. Enumerable.Repeat(own, size)];
        var (whole, piece, transposed) = (Matrix.Allocate(1, Entries), Matrix.Allocate(1, own), Matrix.Allocate(1, own * size));
        var fast = world.With(Reductions.Fast);
        if (world.Rank == 0) Console.WriteLine($"{world.Library}, {size} hosts: received at each host, without headers, over 4 or 8 bytes for each word of the formula; all hosts; all with headers");
        Compare("AllGather", world, m => m.AllGather(piece, whole, counts), 0.03);
        Compare("ReduceScatter", world, m => m.ReduceScatter(whole, counts, piece), 0.03);
        Compare("ReduceScatter, library's", fast, m => m.ReduceScatter(whole, counts, piece), 0.03);
        Compare("AllReduce", world, m => m.AllReduce(whole, Reduction.Sum), 0.03);
        // Open MPI first adds some members to others, until a power of two is left: 1.125 of the formula at 3 hosts, 1.063 at 5.
        Compare("AllReduce, library's", fast, m => m.AllReduce(whole, Reduction.Sum), BitOperations.IsPow2(size) ? 0.03 : 0.13);
        Compare("Broadcast", world, m => m.Broadcast(whole, 0), 0.03);
        Compare("AllToAll", world, m => m.AllToAll(whole, counts, transposed, same), 0.03);
        Compare("AllToAll, begun", world, m => m.StartAllToAll(whole, counts, transposed, same).Wait(), 0.03);
        foreach (string layer in new[] { "gcn", "gatv2" })
            foreach (var grid in new ProcessGrid[] { new(size, 1, 1), new(1, size, 1), new(2, Math.Max(1, size / 2), 1), new(1, 1, size), new(2, 1, Math.Max(1, size / 2)) })
                if (grid.Size == size) Layer(layer, grid);
        return failures == 0 ? 0 : 1;

        void Compare(string name, ICommunicator communicator, Action<Metered> operation, double tolerance)
        {
            var meter = new Metered(communicator);
            CompareOn(name, meter, () => operation(meter), tolerance);
        }

        // A pass forward and back of one layer, whatever it sends.
        void Layer(string name, ProcessGrid grid)
        {
            var graph = TestGraphs.Random("wire", 4000, 20_000, seed: 4);
            var meter = new Metered(world);
            var part = GridModel.Part(grid, meter, graph);
            var settings = new LayerSettings { Inputs = 64, Outputs = 16, Heads = 4, Activation = Activation.Elu };
            var model = new Model([Catalog.Layers[name](settings)]);
            model.Initialize(1);
            var (H, dH) = (Matrix.Allocate(part.OwnedSources, 64), Matrix.Allocate(part.OwnedDestinations, model.Layers[0].Outputs(64)));
            H.Fill(1);
            dH.Fill(1);
            var session = new Session(model, part, H) { WantsFeatureGradient = true };
            CompareOn($"{name} on {grid}", meter, () =>
            {
                session.Forward(new Pass(Seed: 1, Step: 1, Training: true));
                session.Backward(dH);
            }, 0.03);
        }

        void CompareOn(string name, Metered meter, Action operation, double tolerance)
        {
            operation();
            meter.Reset();
            world.Barrier();
            Thread.Sleep(50);
            var (bytes, packets) = Received()!.Value;
            world.Barrier();
            for (int call = 0; call < Calls; call++) operation();
            world.Barrier();
            Thread.Sleep(50);
            var (bytesAfter, packetsAfter) = Received()!.Value;
            long[] here = [bytesAfter - bytes, packetsAfter - packets, meter.Total.Words * sizeof(Real)], all = new long[3 * size];
            world.AllGather<long>(here, all, [.. Enumerable.Repeat(3, size)]);
            long raw = 0, payload = 0, formula = 0;
            var line = new List<string>();
            for (int q = 0; q < size; q++)
            {
                long load = all[3 * q] - HeaderBytes * all[3 * q + 1];
                (raw, payload, formula) = (raw + all[3 * q], payload + load, formula + all[3 * q + 2]);
                line.Add(all[3 * q + 2] == 0 ? "    –" : Ratio(load, all[3 * q + 2]));
            }
            double off = (double)payload / formula - 1;
            if (Math.Abs(off) > tolerance) failures++;
            if (world.Rank == 0)
                Console.WriteLine($"{name,-26}{string.Join(' ', line)}   {Ratio(payload, formula)}   {Ratio(raw, formula)}{(Math.Abs(off) > tolerance ? "   FAILED" : "")}");
        }
    });

    private static string Ratio(long bytes, long formula) => ((double)bytes / formula).ToString("F3", CultureInfo.InvariantCulture);

    private static (long Bytes, long Packets)? Received()
    {
        foreach (string line in File.ReadLines("/proc/net/dev"))
            if (line.Split(':') is [var name, var numbers] && name.Trim() == "eth0")
            {
                long[] values = [.. numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2).Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
                return (values[0], values[1]);
            }
        return null;
    }
}
