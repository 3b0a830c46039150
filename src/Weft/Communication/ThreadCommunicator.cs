using System.Diagnostics.CodeAnalysis;

namespace Weft.Communication;

/// <summary>
/// Processes played by threads of one process, each with a thread of its own. A collective copies what a member gives, waits
/// until every member has given, and reads in rank order, so the bits of a result do not depend on who came first.
/// </summary>
/// <remarks>
/// A member that throws, that returns while others wait for it, or whose call does not match the others' ends them all with a
/// <see cref="RankFailedException"/>; so does a circle of members that wait for one another.
/// </remarks>
public sealed unsafe partial class ThreadCommunicator : ICommunicator
{
    private readonly ThreadGroup group;
    private readonly ThreadPlayer player;
    private readonly Pieces send, receive;
    private long calls;

    internal ThreadCommunicator(ThreadGroup group, int rank, ThreadPlayer player) => (this.group, Rank, this.player, send, receive) = (group, rank, player, new(group.Size), new(group.Size));

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size => group.Size;

    /// <summary>Plays <paramref name="ranks"/> processes and returns when all have ended.</summary>
    /// <param name="ranks">Number of processes, 1 or more.</param>
    /// <param name="body">What each process does, with its own communicator.</param>
    /// <exception cref="RankFailedException">A process failed; it is the first that did, with its exception inside.</exception>
    public static void Run(int ranks, Action<ICommunicator> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Run(ranks, communicator =>
        {
            body(communicator);
            return 0;
        });
    }

    /// <summary>Plays <paramref name="ranks"/> processes and returns what each of them returned, in rank order.</summary>
    /// <inheritdoc cref="Run(int, Action{ICommunicator})"/>
    public static T[] Run<T>(int ranks, Func<ICommunicator, T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        var world = new ThreadWorld(ranks);
        var group = new ThreadGroup(world, world.Players);
        var results = new T[ranks];
        var threads = new Thread[ranks];
        for (int rank = 0; rank < ranks; rank++)
        {
            var communicator = new ThreadCommunicator(group, rank, world.Players[rank]);
            threads[rank] = new Thread(() => Play(communicator, body, results)) { IsBackground = true, Name = $"rank {rank}" };
        }
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        world.CheckOutcome();
        return results;
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever a rank throws is handed to the caller of Run, and to the other ranks")]
    private static void Play<T>(ThreadCommunicator communicator, Func<ICommunicator, T> body, T[] results)
    {
        try
        {
            results[communicator.Rank] = body(communicator);
            communicator.group.World.End(communicator.player);
        }
        catch (Exception failure)
        {
            communicator.group.World.Fail(communicator.player.Rank, failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(color);
        var offer = Meet(new Call("Split"), null, 0, null, offer => (offer.Color, offer.Key) = (color, key));
        var members = Enumerable.Range(0, Size).Where(q => offer[q].Color == color).OrderBy(q => offer[q].Key).ThenBy(q => q).ToArray();
        return new ThreadCommunicator(group.Part(calls, color, members), Array.IndexOf(members, Rank), player);
    }

    /// <inheritdoc/>
    public void Barrier() => Meet(new Call("Barrier"), null, 0);

    /// <inheritdoc/>
    public void Send<T>(ReadOnlySpan<T> data, int target)
        where T : unmanaged
    {
        CheckMember(target, nameof(target));
        group.Post(Rank, target, data.ToArray());
    }

    /// <inheritdoc/>
    public void Receive<T>(Span<T> data, int source)
        where T : unmanaged
    {
        CheckMember(source, nameof(source));
        var message = group.Fetch(source, Rank, player);
        if (message is not T[] values)
            throw Mismatch($"Receive: rank {group.Name(source)} sent entries of type {message.GetType().GetElementType()!.Name} where {typeof(T).Name} was expected");
        if (values.Length != data.Length)
            throw Mismatch($"Receive: rank {group.Name(source)} sent {values.Length} entries where {data.Length} were expected");
        values.CopyTo(data);
    }

    // One collective: leave an offer, wait for everyone's, see that all of them made the same call. Offers are kept twice,
    // for even and odd calls: a member cannot begin the next call but one before all have read this one's.
    private ThreadOffer[] Meet(Call call, void* data, long length, Pieces? pieces = null, Action<ThreadOffer>? more = null)
    {
        calls++;
        var offers = group.Offers(calls);
        var mine = offers[Rank];
        mine.Set(call, data, length, pieces, Size);
        more?.Invoke(mine);
        group.Wait(player, call.Operation);
        for (int q = 0; q < Size; q++)
            if (offers[q].Call != call)
                throw Mismatch($"it calls {call} while rank {group.Name(q)} calls {offers[q].Call}");
        return offers;
    }

    private void CheckMember(int member, string name)
    {
        if ((uint)member >= (uint)Size) throw new ArgumentOutOfRangeException(name, member, $"the group has ranks 0 … {Size - 1}");
    }

    private void Check(string operation, string? problem)
    {
        if (problem is not null) throw Mismatch($"{operation}: {problem}");
    }

    private RankFailedException Mismatch(string what) => group.World.Fail(player.Rank, what, null);
}
