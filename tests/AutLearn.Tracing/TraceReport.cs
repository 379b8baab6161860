using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Tracing;

/// <summary>What all programs did to files and sockets, as a page.</summary>
internal static partial class TraceReport
{
    // The first events of ONNX Runtime's telemetry leave some seconds after a model was opened.
    private static readonly TimeSpan Loud = TimeSpan.FromSeconds(15);

    public static async Task<string> WriteAsync()
    {
        var worlds = new List<TracedWorld>();
        try
        {
            return await WriteAsync(worlds);
        }
        finally
        {
            worlds.ForEach(w => w.Dispose());
        }
    }

    private static async Task<string> WriteAsync(List<TracedWorld> worlds)
    {
        var page = new StringBuilder();
        page.AppendLine("# What leaves a process").AppendLine()
            .AppendLine($"{RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; ONNX Runtime {OrtEnv.Instance().GetVersionString()}").AppendLine()
            .AppendLine("Whole processes under strace with a fresh home, `DOTNET_EnableDiagnostics=0` and no variable that tells of a build machine. Made by `eng/trace-day.sh`.")
            .AppendLine("A probe is a socket that is neither bound nor connected: .NET asks so what the system supports. Calls are those that made, opened for writing, renamed or deleted a file, or changed its mode.").AppendLine()
            .AppendLine("| program | sockets used | probes | calls on files outside the folders given | inside |")
            .AppendLine("| --- | --- | ---: | ---: | ---: |");
        foreach (string command in TracedPrograms.ToolCommands)
            await RowAsync($"`autlearn {command}`", w => TracedPrograms.ToolAsync(w, command), isTemporary: command == "demo");
        await RowAsync("keyboard: typed, learned, reset, typed", TracedPrograms.KeyboardAsync);
        await RowAsync("gallery: looked, named, learned, reset, named", TracedPrograms.GalleryAsync);
        (TracedWorld dayWorld, SystemCalls day) = await RowAsync("app: a day in its life", w => TracedPrograms.DayAsync(w));
        (TracedWorld loudWorld, SystemCalls loud) = await RowAsync(
            string.Create(CultureInfo.InvariantCulture, $"before: the same app, after using ONNX Runtime itself for {Loud.TotalSeconds} s"), w => TracedPrograms.DayAsync(w, Loud));
        page.AppendLine().AppendLine("`autlearn demo` is given no folder: it works in one of its own among the temporary files and takes it away.").AppendLine();

        page.AppendLine("## A day in the life, in full").AppendLine()
            .AppendLine("Installed, predicted 64 rows, learned online from 64 answers, stored 64 samples, learned offline, saved and exported, forgot one sample, forgot all. `given` is the app's folder.").AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"Sockets: {day.Sockets.Count}. Calls outside `given`: {day.Outside(dayWorld.Given).Count}.").AppendLine();
        List(page, dayWorld, day.Kept);
        page.AppendLine().AppendLine("## What ONNX Runtime does where nothing stops it").AppendLine();
        foreach (IGrouping<string, SocketUse> same in loud.Sockets.GroupBy(Describe))
            page.AppendLine(CultureInfo.InvariantCulture, $"- {same.Count()} {same.Key}");
        page.AppendLine();
        List(page, loudWorld, loud.Outside(loudWorld.Given));

        var open = new TracedWorld(hasDiagnostics: true);
        worlds.Add(open);
        SystemCalls diagnostics = await TracedPrograms.DayAsync(open);
        page.AppendLine().AppendLine("## What .NET itself does without `DOTNET_EnableDiagnostics=0`").AppendLine();
        foreach (SocketUse socket in diagnostics.Sockets)
            page.AppendLine($"- {socket.Family}{(socket.Bound is null ? "" : $" at {Nameless(open.Shorten(socket.Bound))}")}");
        page.AppendLine();
        List(page, open, diagnostics.Outside(open.Given));
        return page.ToString();

        async Task<(TracedWorld World, SystemCalls Calls)> RowAsync(string name, Func<TracedWorld, Task<SystemCalls>> run, bool isTemporary = false)
        {
            var world = new TracedWorld();
            worlds.Add(world);
            SystemCalls calls = await run(world);
            if (calls.ExitCode != 0)
                throw new InvalidOperationException($"{name} ended with {calls.ExitCode}: {calls.Error}");
            int outside = calls.Outside(isTemporary ? world.Temporary : world.Given).Count;
            string used = string.Join(", ", calls.Sockets.Where(s => !s.IsProbe).GroupBy(Describe).Select(s => $"{s.Count()} {s.Key}"));
            page.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {(used.Length == 0 ? "none" : used)} | {calls.Sockets.Count(s => s.IsProbe)} | {outside} | {calls.Kept.Count - outside} |");
            return (world, calls);
        }
    }

    // Which name server a machine asks is its own affair.
    private static string Describe(SocketUse socket) =>
        socket.IsLoopbackListener ? "AF_INET at 127.0.0.1, its page"
        : socket.IsProbe ? $"{socket.Family}, probe"
        : $"{socket.Family} {(socket.Peer?.EndsWith(":53", StringComparison.Ordinal) == true ? "to a name server" : socket.Peer is null ? $"at {socket.Bound}" : $"to {socket.Peer}")}";

    // What happens again and again, such as a checkpoint, stands once with its count, where it happened first.
    private static void List(StringBuilder page, TracedWorld world, IEnumerable<FileChange> files)
    {
        page.AppendLine("| phase | call | path | times |").AppendLine("| --- | --- | --- | ---: |");
        foreach (IGrouping<(string Phase, string Call, string Path), FileChange> same in files.GroupBy(f => (f.Phase, f.Call, Path: Nameless(world.Shorten(f.Path)))))
            page.AppendLine(CultureInfo.InvariantCulture, $"| {same.Key.Phase} | {same.Key.Call} | {same.Key.Path} | {same.Count()} |");
    }

    // Random and process numbers say nothing.
    private static string Nameless(string path) => Number().Replace(path, "*");

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|(?<=-)\\d{3,}")]
    private static partial Regex Number();
}
