using System.Diagnostics;

namespace AutLearn.Tracing;

/// <summary>Runs .NET programs under strace.</summary>
public static class Tracer
{
    private const string Program = "/usr/bin/strace";

    private static readonly string Calls = $"trace=%network,{string.Join(',', TraceParser.FileCalls)}";

    /// <summary>Gets why no program can be traced here, or null.</summary>
    public static string? Obstacle =>
        !OperatingSystem.IsLinux() ? "Only Linux has strace."
        : !File.Exists(Program) ? "The test traces processes and needs strace (apt-get install strace)."
        : null;

    /// <summary>Runs a program from its start to its end.</summary>
    /// <param name="program">A <c>.dll</c>.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="world">Its folders.</param>
    /// <param name="use">Uses the program while it runs, told how its first line of output reads, and is followed by SIGTERM; null to wait for its end.</param>
    /// <exception cref="InvalidOperationException">The program cannot be traced.</exception>
    public static async Task<SystemCalls> RunAsync(string program, IEnumerable<string> arguments, TracedWorld world, Func<string, Task>? use = null)
    {
        string trace = Path.Combine(world.TraceFolder, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo(Program, ["-D", "-ff", "-qq", "-ttt", "-y", "-s", "4096", "-o", trace, "-e", Calls, "dotnet", "exec", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = world.WorkingFolder,
        };
        world.Describe(start.Environment);

        // With -D this process becomes the program, and strace a grandchild.
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("strace did not start.");
        Task<string> error = process.StandardError.ReadToEndAsync();
        string? first = null;
        if (use is not null)
        {
            first = await process.StandardOutput.ReadLineAsync();
            if (first is not null)
                await use(first);
            using Process signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await signal.WaitForExitAsync();
        }

        string output = first + '\n' + await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        string folder = Path.GetDirectoryName(trace)!;
        string[] threads = Directory.GetFiles(folder, Path.GetFileName(trace) + ".*");
        if (threads.Length == 0)
            throw new InvalidOperationException($"strace wrote nothing: {await error}");
        (IReadOnlyList<FileChange> files, IReadOnlyList<SocketUse> sockets) = TraceParser.Parse(threads.SelectMany(File.ReadLines), world.WorkingFolder);
        return new(process.ExitCode, output.Trim(), await error, files, sockets);
    }
}
