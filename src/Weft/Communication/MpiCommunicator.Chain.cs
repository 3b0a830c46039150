using Weft.Communication.Mpi;

namespace Weft.Communication;

// A long broadcast goes from member to member in pieces, each passing one on while it takes the next: every link carries the
// data once. The libraries' own that do not block send it from the root several times (Open MPI to up to four members), or twice over.
public sealed unsafe partial class MpiCommunicator
{
    /// <summary>Bytes from which on a broadcast to three members or more is a chain.</summary>
    internal const int WorthChaining = 1 << 18;
    private const int ChainPiece = 1 << 16, ChainWindow = 8, ChainTag = 2;

    private void Chain(byte* data, long bytes, int root)
    {
        int place = (Rank - root + Size) % Size, before = (Rank - 1 + Size) % Size, after = (Rank + 1) % Size;
        bool takes = place > 0, gives = place + 1 < Size;
        nint type = mpi.TypeOf(1);
        long pieces = (bytes + ChainPiece - 1) / ChainPiece;
        // Several pieces are on their way, so that a link has work while a member waits for a processor.
        nint* taking = stackalloc nint[ChainWindow], giving = stackalloc nint[ChainWindow];
        for (long piece = 0; takes && piece < Math.Min(ChainWindow, pieces); piece++) taking[piece] = Take(piece);
        for (long piece = 0; piece < pieces; piece++)
        {
            int slot = (int)(piece % ChainWindow);
            if (takes)
            {
                mpi.Complete(&taking[slot], nameof(Broadcast));
                if (piece + ChainWindow < pieces) taking[slot] = Take(piece + ChainWindow);
            }
            if (!gives) continue;
            if (piece >= ChainWindow) mpi.Complete(&giving[slot], nameof(Broadcast));
            nint sending = 0;
            MpiProcess.Check(MpiImports.MPI_Isend(data + piece * ChainPiece, Length(piece), type, after, ChainTag, handle, &sending));
            giving[slot] = mpi.Abi.FromSlot(sending);
        }
        for (long piece = Math.Max(0, pieces - ChainWindow); gives && piece < pieces; piece++) mpi.Complete(&giving[piece % ChainWindow], nameof(Broadcast));

        int Length(long piece) => (int)Math.Min(ChainPiece, bytes - piece * ChainPiece);

        nint Take(long piece)
        {
            nint receiving = 0;
            MpiProcess.Check(MpiImports.MPI_Irecv(data + piece * ChainPiece, Length(piece), type, before, ChainTag, handle, &receiving));
            return mpi.Abi.FromSlot(receiving);
        }
    }
}
