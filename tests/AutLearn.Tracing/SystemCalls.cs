using System.Text.RegularExpressions;

namespace AutLearn.Tracing;

/// <summary>What a process and its children did to files and sockets.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">The output stream.</param>
/// <param name="Error">The error stream.</param>
/// <param name="Files">In order.</param>
/// <param name="Sockets">In order.</param>
public sealed partial record SystemCalls(int ExitCode, string Output, string Error, IReadOnlyList<FileChange> Files, IReadOnlyList<SocketUse> Sockets)
{
    /// <summary>Gets the changes of what keeps something: files, not the null device, and not the kernel's name of a thread.</summary>
    public IReadOnlyList<FileChange> Kept => [.. Files.Where(f => !Unkept().IsMatch(f.Path))];

    /// <summary>Gets the kept changes outside some folders.</summary>
    public IReadOnlyList<FileChange> Outside(params string[] folders) => [.. Kept.Where(f => !Array.Exists(folders, d => IsWithin(d, f.Path)))];

    private static bool IsWithin(string folder, string path) => path == folder || path.StartsWith(folder + '/', StringComparison.Ordinal);

    [GeneratedRegex(@"^/dev/(null|tty)$|^/proc/(self|\d+)/task/\d+/comm$")]
    private static partial Regex Unkept();
}
