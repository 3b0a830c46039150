using Weft.Kernels;

namespace Weft.Sampling;

/// <summary>What random numbers of sampling are for; each purpose has a stream of its own.</summary>
internal enum DrawPurpose
{
    Order = 1,
    Neighbours = 2,
    Layer = 3,
    Clusters = 4,
    Subgraph = 5,
    Normalization = 6,
}

/// <summary>
/// Random numbers one after another that are a function of (seed, step, purpose, layer, node) alone: the words of one row of the
/// counter generator. Which thread draws, and what was drawn before for other nodes, does not show.
/// </summary>
internal struct Draws(ulong seed, uint step, DrawPurpose purpose, int layer, int node)
{
    private readonly RandomKey key = new(seed, step, RandomStreams.Sample((int)purpose, layer));
    private (uint, uint, uint, uint) words;
    private uint column;

    /// <summary>32 random bits.</summary>
    public uint Next()
    {
        if (column % 4 == 0) words = CounterRandom.Philox(key.Step, key.Stream, (uint)node, column / 4, key.Low, key.High);
        return (column++ % 4) switch { 0 => words.Item1, 1 => words.Item2, 2 => words.Item3, _ => words.Item4 };
    }

    /// <summary>A whole number 0 … bound − 1, each as likely (Lemire's multiplication with rejection).</summary>
    public int Below(int bound)
    {
        uint range = (uint)bound;
        ulong product = (ulong)Next() * range;
        if ((uint)product < range)
            for (uint threshold = (0u - range) % range; (uint)product < threshold;) product = (ulong)Next() * range;
        return (int)(product >> 32);
    }

    /// <summary>A multiple of 2⁻⁵³ in [0, 1).</summary>
    public double Uniform()
    {
        ulong high = Next();
        return (high << 21 ^ Next() >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>Puts the items in a random order, each order as likely (Fisher and Yates).</summary>
    public void Shuffle(Span<int> items)
    {
        for (int p = items.Length - 1; p > 0; p--)
        {
            int q = Below(p + 1);
            (items[p], items[q]) = (items[q], items[p]);
        }
    }

    /// <summary>
    /// So many different numbers of 0 … bound − 1, every set of them as likely, in ascending order (Floyd's method: the t-th is new
    /// or, where it was drawn before, replaced by the largest that was not possible then).
    /// </summary>
    /// <param name="bound">How many there are to choose from, at least as many as are drawn.</param>
    /// <param name="drawn">Receives them.</param>
    /// <param name="marks">Empty, and empty again afterwards; used where a search through what was drawn would be long.</param>
    public void Distinct(int bound, Span<int> drawn, HashSet<int> marks)
    {
        const int LongestSearch = 48;
        bool search = drawn.Length <= LongestSearch;
        for (int t = 0; t < drawn.Length; t++)
        {
            int last = bound - drawn.Length + t, found = Below(last + 1);
            bool known = search ? drawn[..t].Contains(found) : !marks.Add(found);
            if (known && !search) marks.Add(last);
            drawn[t] = known ? last : found;
        }
        marks.Clear();
        drawn.Sort();
    }
}
