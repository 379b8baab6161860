using System.Diagnostics;

namespace AutLearn.Benchmarks;

/// <summary>Runs another command of this program in a process of its own, for measures that need one.</summary>
internal static class ChildProcess
{
    /// <summary>Starts a command; its output and errors are redirected.</summary>
    /// <param name="arguments">The command with its arguments.</param>
    public static Process Start(params string[] arguments)
    {
        // Under `dotnet program.dll` the process is dotnet itself.
        string program = Environment.ProcessPath!;
        string[] prefix = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        return Process.Start(new ProcessStartInfo(program, [.. prefix, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }
}
