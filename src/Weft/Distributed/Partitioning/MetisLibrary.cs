using System.Runtime.InteropServices;

namespace Weft.Distributed.Partitioning;

/// <summary>The two functions of METIS 5 that are needed, found at run time.</summary>
internal sealed unsafe class MetisLibrary
{
    // metis.h: METIS_NOPTIONS and places in the array of options.
    private const int Options = 40, ObjectiveOption = 1, SeedOption = 8, VolumeObjective = 1;
    private const int Untouched = 0x5A5A5A5A;

    // METIS keeps the process's signal handlers while it works: one call at a time.
    private static readonly Lock Gate = new();

    private readonly delegate* unmanaged[Cdecl]<int*, int> setDefaultOptions;
    private readonly delegate* unmanaged[Cdecl]<int*, int*, int*, int*, int*, int*, int*, int*, float*, float*, int*, int*, int*, int> partGraphKway;
    private readonly string name;

    private MetisLibrary(nint library, string name)
    {
        this.name = name;
        setDefaultOptions = (delegate* unmanaged[Cdecl]<int*, int>)Export(library, "METIS_SetDefaultOptions");
        partGraphKway = (delegate* unmanaged[Cdecl]<int*, int*, int*, int*, int*, int*, int*, int*, float*, float*, int*, int*, int*, int>)Export(library, "METIS_PartGraphKway");
        CheckIndexSize();
    }

    /// <summary>True if one of these libraries is installed.</summary>
    public static bool IsInstalled(IReadOnlyList<string> names) => names.Any(name => NativeLibrary.TryLoad(name, out _));

    /// <summary>The first of these libraries that is installed.</summary>
    /// <exception cref="NotSupportedException">None is, or it is no METIS 5 of 32-bit indices.</exception>
    public static MetisLibrary Load(IReadOnlyList<string> names)
    {
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint library)) return new MetisLibrary(library, name);
        throw new NotSupportedException(
            $"METIS is not installed ({string.Join(", ", names)}: none could be loaded): install it (Debian, Ubuntu: libmetis5; Fedora, Homebrew: metis), or choose the partitioner ldg, which needs nothing");
    }

    /// <summary>The part of each node, and the volume that METIS says it has.</summary>
    /// <param name="pointers">[N + 1]</param>
    /// <param name="index">Neighbours, symmetric, without loops.</param>
    /// <param name="weights">Work of each node, [N]; null for 1 each.</param>
    /// <param name="parts">Number of parts, 2 or more.</param>
    /// <param name="seed">Seed of its random choices.</param>
    public (int[] Part, int Objective) Partition(int[] pointers, int[] index, int[]? weights, int parts, int seed)
    {
        int nodes = pointers.Length - 1, constraints = 1, objective = 0, result;
        var part = new int[nodes];
        int* options = stackalloc int[Options];
        lock (Gate)
        {
            setDefaultOptions(options);
            (options[ObjectiveOption], options[SeedOption]) = (VolumeObjective, seed);
            fixed (int* xadj = pointers, adjacency = index, work = weights, answer = part)
                result = partGraphKway(&nodes, &constraints, xadj, adjacency, work, null, null, &parts, null, null, options, &objective, answer);
        }
        const int Success = 1, NoMemory = -3;
        if (result != Success)
            throw new NotSupportedException($"METIS gave up on {nodes} nodes in {parts} parts ({(result == NoMemory ? "it had not enough memory" : $"it returned {result}")}): use fewer parts, or the partitioner ldg");
        return (part, objective);
    }

    // METIS_SetDefaultOptions writes 40 indices: whether they were of 32 or of 64 bits shows in how far it wrote.
    private void CheckIndexSize()
    {
        int* options = stackalloc int[2 * Options];
        new Span<int>(options, 2 * Options).Fill(Untouched);
        setDefaultOptions(options);
        if (options[Options - 1] != -1 || options[Options] != Untouched)
            throw new NotSupportedException($"{name} is no METIS 5 of 32-bit indices (IDXTYPEWIDTH 32): install the distribution's package (Debian, Ubuntu: libmetis5), or choose the partitioner ldg");
    }

    private nint Export(nint library, string function) => NativeLibrary.TryGetExport(library, function, out nint address)
        ? address
        : throw new NotSupportedException($"{name} has no function {function}: it is no METIS 5; install the distribution's package (Debian, Ubuntu: libmetis5), or choose the partitioner ldg");
}
