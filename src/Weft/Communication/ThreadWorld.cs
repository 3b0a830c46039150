namespace Weft.Communication;

/// <summary>A thread that plays a process, and the bell that wakes it. All but the bell is read and written under the world's gate.</summary>
internal sealed class ThreadPlayer(int rank)
{
    private readonly object bell = new();
    private bool rung;

    public int Rank { get; } = rank;

    /// <summary>Those it waits for; empty while it is awake.</summary>
    public ThreadPlayer[] WaitsFor { get; set; } = [];

    /// <summary>The call in which it waits.</summary>
    public string WaitsIn { get; set; } = "";

    /// <summary>Whose message it waits for, if it waits for one.</summary>
    public (ThreadGroup? Group, int Source) AwaitsMessage { get; set; }

    public bool Ended { get; set; }

    public void Sleep()
    {
        lock (bell)
        {
            while (!rung) Monitor.Wait(bell);
            rung = false;
        }
    }

    public void Ring()
    {
        lock (bell)
        {
            rung = true;
            Monitor.Pulse(bell);
        }
    }
}

/// <summary>All threads of one run: who sleeps, who has ended, and the first failure, which wakes everyone.</summary>
internal sealed class ThreadWorld(int ranks)
{
    private RankFailedException? failure;
    private int asleep, ended;

    /// <summary>Guards everything of this run that threads share, except what a collective's offers hold.</summary>
    public Lock Gate { get; } = new();

    public ThreadPlayer[] Players { get; } = [.. Enumerable.Range(0, ranks).Select(rank => new ThreadPlayer(rank))];

    public List<ThreadGroup> Groups { get; } = [];

    /// <summary>Marks a player as waiting for others; the caller then sleeps. Under the gate.</summary>
    public void FallAsleep(ThreadPlayer player, ThreadPlayer[] others, string operation)
    {
        (player.WaitsFor, player.WaitsIn) = (others, operation);
        asleep++;
        CheckAwaited(player);
        CheckForStandstill();
        ThrowIfFailed();
    }

    /// <summary>Wakes a player if it sleeps. Under the gate.</summary>
    public void Wake(ThreadPlayer player)
    {
        if (player.WaitsFor.Length == 0) return;
        player.WaitsFor = [];
        asleep--;
        player.Ring();
    }

    /// <summary>A player has done all it had to do.</summary>
    public void End(ThreadPlayer player)
    {
        lock (Gate)
        {
            player.Ended = true;
            ended++;
            foreach (var sleeper in Players) CheckAwaited(sleeper);
            CheckForStandstill();
        }
    }

    /// <summary>Records a failure, unless there was one before, and wakes everyone.</summary>
    /// <returns>The failure to throw: the first one.</returns>
    public RankFailedException Fail(int rank, string reason, Exception? cause)
    {
        lock (Gate)
        {
            if (failure is null)
            {
                failure = cause as RankFailedException ?? new RankFailedException(rank, reason, cause);
                foreach (var player in Players) Wake(player);
            }
            return Again();
        }
    }

    /// <summary>Under the gate.</summary>
    public void ThrowIfFailed()
    {
        if (failure is not null) throw Again();
    }

    /// <summary>When all threads have ended: was there a failure, or a message that nobody read?</summary>
    public void CheckOutcome()
    {
        lock (Gate)
        {
            ThrowIfFailed();
            foreach (var group in Groups)
                if (group.Unread() is var (source, target, length))
                    throw new RankFailedException(source, $"it sent {length} entries to rank {target}, which never received them");
        }
    }

    // Every thread throws an exception of its own, with its own stack.
    private RankFailedException Again() =>
        new(failure!.Rank, failure.Message[$"rank {failure.Rank} failed: ".Length..], failure.InnerException);

    private void CheckAwaited(ThreadPlayer sleeper)
    {
        if (ended == 0) return;
        foreach (var other in sleeper.WaitsFor)
            if (other.Ended)
            {
                Fail(other.Rank, $"it has returned while rank {sleeper.Rank} waits for it in {sleeper.WaitsIn}", null);
                return;
            }
    }

    private void CheckForStandstill()
    {
        if (asleep == 0 || asleep + ended < Players.Length) return;
        var waiting = Players.Where(player => !player.Ended).ToArray();
        Fail(waiting[0].Rank, $"all ranks wait for one another: {string.Join(", ", waiting.Select(player => $"rank {player.Rank} in {player.WaitsIn}"))}", null);
    }
}
