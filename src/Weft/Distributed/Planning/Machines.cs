using System.Text;
using Weft.Communication;

namespace Weft.Distributed.Planning;

/// <summary>Which processes run on which machine.</summary>
internal sealed class Machines
{
    private const int LongestName = 64;

    private readonly int[] machineOf;

    private Machines(string[] names, int[] machineOf) => (Names, this.machineOf) = (names, machineOf);

    /// <summary>The machines' names, in the order of their first process.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Most processes of one machine.</summary>
    public int MostProcesses => machineOf.GroupBy(m => m).Max(m => m.Count());

    /// <summary>Number of the machine that a process runs on.</summary>
    public int Of(int rank) => machineOf[rank];

    /// <summary>Processes of a machine.</summary>
    public int ProcessesOf(int machine) => machineOf.Count(m => m == machine);

    /// <summary>Asks every process. A collective call.</summary>
    public static Machines Ask(ICommunicator world) => Ask(world, Environment.MachineName);

    internal static Machines Ask(ICommunicator world, string name)
    {
        var mine = new byte[LongestName];
        var utf8 = Encoding.UTF8.GetBytes(name);
        utf8.AsSpan(0, Math.Min(utf8.Length, LongestName)).CopyTo(mine);
        var all = new byte[LongestName * world.Size];
        var counts = new int[world.Size];
        Array.Fill(counts, LongestName);
        world.AllGather(mine, all, counts);
        var names = new List<string>();
        var machineOf = new int[world.Size];
        for (int rank = 0; rank < world.Size; rank++)
        {
            string found = Encoding.UTF8.GetString(all, rank * LongestName, LongestName).TrimEnd('\0');
            if (!names.Contains(found)) names.Add(found);
            machineOf[rank] = names.IndexOf(found);
        }
        return new Machines([.. names], machineOf);
    }
}
