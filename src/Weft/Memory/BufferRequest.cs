namespace Weft.Memory;

/// <summary>What a layer asked a workspace for.</summary>
internal enum BufferKind
{
    /// <summary>A buffer with a name, which keeps its memory from step to step.</summary>
    Named,

    /// <summary>A buffer until the layer returns.</summary>
    Temporary,

    /// <summary>The layer has returned: its temporary buffers end.</summary>
    Release,

    /// <summary>A buffer for what depends on the data alone, held by the layer's own session.</summary>
    Constant,
}

/// <summary>One request of a pass, in the order in which they come.</summary>
/// <param name="Kind">What was asked for.</param>
/// <param name="Owner">Number of the layer; −1 where it does not matter.</param>
/// <param name="Name">Name of the buffer; empty where it has none.</param>
/// <param name="Entries">Rows · columns.</param>
internal readonly record struct BufferRequest(BufferKind Kind, int Owner, string Name, long Entries);
