namespace Weft.Communication;

/// <summary>A group of threads that play processes: where they meet, and the messages between them.</summary>
internal sealed class ThreadGroup
{
    private readonly ThreadPlayer[] members;
    private readonly ThreadOffer[][] offers;
    private readonly Dictionary<(long Call, int Color), ThreadGroup> parts = [];
    private readonly Dictionary<(int Source, int Target), Queue<Array>> messages = [];
    private int arrived;

    public ThreadGroup(ThreadWorld world, ThreadPlayer[] members)
    {
        (World, this.members) = (world, members);
        offers = [.. Enumerable.Range(0, 2).Select(_ => members.Select(_ => new ThreadOffer()).ToArray())];
        world.Groups.Add(this);
    }

    public ThreadWorld World { get; }

    public int Size => members.Length;

    /// <summary>What the members give to call number <paramref name="call"/>.</summary>
    public ThreadOffer[] Offers(long call) => offers[call % 2];

    /// <summary>A member's rank among all processes.</summary>
    public int Name(int member) => members[member].Rank;

    /// <summary>The group of one colour that call number <paramref name="call"/> makes: the same object for all its members.</summary>
    public ThreadGroup Part(long call, int color, int[] partMembers)
    {
        lock (World.Gate)
        {
            if (!parts.TryGetValue((call, color), out var part))
                parts[(call, color)] = part = new ThreadGroup(World, [.. partMembers.Select(q => members[q])]);
            return part;
        }
    }

    /// <summary>Returns when every member has called it.</summary>
    public void Wait(ThreadPlayer player, string operation)
    {
        lock (World.Gate)
        {
            World.ThrowIfFailed();
            if (++arrived == members.Length)
            {
                arrived = 0;
                foreach (var member in members) World.Wake(member);
                return;
            }
            World.FallAsleep(player, members, operation);
        }
        player.Sleep();
        lock (World.Gate) World.ThrowIfFailed();
    }

    /// <summary>Leaves a message; nobody waits.</summary>
    public void Post(int source, int target, Array message)
    {
        lock (World.Gate)
        {
            World.ThrowIfFailed();
            Queue(source, target).Enqueue(message);
            if (members[target].AwaitsMessage == (this, source)) World.Wake(members[target]);
        }
    }

    /// <summary>The next message from <paramref name="source"/>, when there is one.</summary>
    public Array Fetch(int source, int target, ThreadPlayer player)
    {
        lock (World.Gate)
        {
            World.ThrowIfFailed();
            if (Queue(source, target).TryDequeue(out var message)) return message;
            player.AwaitsMessage = (this, source);
            World.FallAsleep(player, [members[source]], "Receive");
        }
        player.Sleep();
        lock (World.Gate)
        {
            player.AwaitsMessage = default;
            World.ThrowIfFailed();
            return Queue(source, target).Dequeue();
        }
    }

    /// <summary>A message that was never received, if there is one.</summary>
    public (int Source, int Target, int Length)? Unread()
    {
        foreach (var ((source, target), queue) in messages)
            if (queue.TryPeek(out var message)) return (Name(source), Name(target), message.Length);
        return null;
    }

    private Queue<Array> Queue(int source, int target)
    {
        if (!messages.TryGetValue((source, target), out var queue)) messages[(source, target)] = queue = new Queue<Array>();
        return queue;
    }
}
