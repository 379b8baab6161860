using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace AutLearn.Cloud.Terminal;

/// <summary>Where the tool writes: a report for people or one JSON document on standard output, and errors on standard error.</summary>
internal sealed class ToolConsole
{
    // Wide enough that no table of the tool wraps in a file or a pipe.
    private const int RedirectedWidth = 120;

    /// <summary>Creates a console.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="isInteractive">Whether a terminal shows the output, so that colour and progress bars make sense.</param>
    public ToolConsole(TextWriter output, TextWriter error, bool isInteractive)
    {
        Output = output;
        Error = error;
        IsInteractive = isInteractive;
        Screen = CreateScreen(output, isInteractive);
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    public bool IsInteractive { get; }

    /// <summary>Gets or sets a value indicating whether the only output is one JSON document.</summary>
    public bool IsJson { get; set; }

    /// <summary>Gets the formatted output for people.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>Opens the process's own console.</summary>
    public static ToolConsole OfProcess() => new(Console.Out, Console.Error, !Console.IsOutputRedirected);

    /// <summary>Writes the outcome: as JSON if that was asked for, else as people read it.</summary>
    public void Report<T>(T report, JsonTypeInfo<T> json, Action<IAnsiConsole, T> render)
    {
        if (IsJson)
            Output.WriteLine(JsonSerializer.Serialize(report, json));
        else
            render(Screen, report);
    }

    /// <summary>Writes a line of text to people; nothing in JSON mode.</summary>
    public void Say(string text)
    {
        if (!IsJson)
            Screen.WriteLine(text);
    }

    /// <summary>Writes one line to standard error.</summary>
    public void Complain(string text) => Error.WriteLine($"autlearn: {string.Join(" ", text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");

    /// <summary>Runs work with a progress bar where a terminal shows it.</summary>
    /// <param name="title">What is going on.</param>
    /// <param name="total">The number of units of work; more than 0.</param>
    /// <param name="work">Gets a function that takes the units done so far and a remark; it may be called from any thread.</param>
    public async Task<T> TrackAsync<T>(string title, double total, Func<Action<double, string>, Task<T>> work)
    {
        if (IsJson || !IsInteractive)
            return await work(static (_, _) => { }).ConfigureAwait(false);
        return await Screen.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: Math.Max(total, 1));
                T result = await work((done, remark) =>
                {
                    task.Value = done;
                    task.Description = Markup.Escape(remark.Length > 0 ? $"{title}: {remark}" : title);
                }).ConfigureAwait(false);
                task.Value = task.MaxValue;
                return result;
            }).ConfigureAwait(false);
    }

    private static IAnsiConsole CreateScreen(TextWriter output, bool isInteractive)
    {
        IAnsiConsole screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isInteractive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isInteractive)
            screen.Profile.Width = RedirectedWidth;
        return screen;
    }
}
