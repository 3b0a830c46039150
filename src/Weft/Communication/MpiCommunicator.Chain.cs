using Weft.Communication.Mpi;

namespace Weft.Communication;

// A long broadcast goes from member to member in pieces, each passing one on while it takes the next: every link carries the
// data once. The libraries' own that do not block send it from the root several times (Open MPI to up to four members), or twice over.
public sealed unsafe partial class MpiCommunicator
{
    /// <summary>Bytes from which on a broadcast to three members or more is a chain.</summary>
    internal const int WorthChaining = 1 << 18;
    private const int ChainPiece = 1 << 16, ChainTag = 2;

    private void Chain(byte* data, long bytes, int root)
    {
        int place = (Rank - root + Size) % Size, before = (Rank - 1 + Size) % Size, after = (Rank + 1) % Size;
        bool takes = place > 0, gives = place + 1 < Size;
        nint type = mpi.TypeOf(1), taking = 0, giving = 0;
        if (takes) taking = Take(0);
        for (long at = 0; at < bytes; at += ChainPiece)
        {
            if (takes)
            {
                mpi.Complete(&taking, nameof(Broadcast));
                if (at + ChainPiece < bytes) taking = Take(at + ChainPiece);
            }
            if (!gives) continue;
            // The piece before is on its way while this one arrives.
            if (at > 0) mpi.Complete(&giving, nameof(Broadcast));
            nint slot = 0;
            MpiProcess.Check(MpiImports.MPI_Isend(data + at, Piece(at), type, after, ChainTag, handle, &slot));
            giving = mpi.Abi.FromSlot(slot);
        }
        if (gives) mpi.Complete(&giving, nameof(Broadcast));

        int Piece(long from) => (int)Math.Min(ChainPiece, bytes - from);

        nint Take(long from)
        {
            nint slot = 0;
            MpiProcess.Check(MpiImports.MPI_Irecv(data + from, Piece(from), type, before, ChainTag, handle, &slot));
            return mpi.Abi.FromSlot(slot);
        }
    }
}
