using Spectre.Console;

namespace Weft.Cli.Display;

/// <summary>One line of a terminal, redrawn in place: a bar if there is room for one, and a text.</summary>
internal sealed class StatusLine(IAnsiConsole console) : IDisposable
{
    private const int WidestBar = 30, NarrowestBar = 5;
    private bool drawn;

    /// <summary>Draws over what is there.</summary>
    /// <param name="share">How much is done, 0 … 1.</param>
    /// <param name="text">What to say beside it.</param>
    public void Draw(double share, string text)
    {
        int room = console.Profile.Width - 1;
        int width = Math.Clamp(room - text.Length - 1, 0, WidestBar);
        if (text.Length > room) text = text[..Math.Max(0, room)];
        console.Write(new ControlCode("\r\u001b[2K"));
        if (width >= NarrowestBar)
        {
            int done = (int)(width * Math.Clamp(share, 0, 1));
            console.Write(new Text(new string('━', done), new Style(Color.Green)));
            console.Write(new Text(new string('─', width - done) + " ", new Style(Color.Grey)));
        }
        console.Write(new Text(text));
        drawn = true;
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (drawn) console.Write(new ControlCode("\r\u001b[2K"));
        drawn = false;
    }
}
