using System.Diagnostics;

namespace AutLearn.Testing.Faults;

/// <summary>Paths that look like files and keep whoever reads them waiting, or reading, for ever.</summary>
public static class NotAFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Gets the kinds.</summary>
    public static IReadOnlyList<string> Kinds { get; } = OperatingSystem.IsWindows() ? [] : ["pipe", "zeros", "folder"];

    /// <summary>Makes one.</summary>
    public static void Create(string kind, string path)
    {
        switch (kind)
        {
            case "pipe":
                using (Process pipe = Process.Start("mkfifo", [path]))
                    pipe.WaitForExit();
                break;
            case "zeros":
                File.CreateSymbolicLink(path, "/dev/zero");
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }
    }

    /// <summary>Runs a reader on each kind.</summary>
    /// <returns>What each raised.</returns>
    /// <exception cref="TimeoutException">The reader still waits.</exception>
    public static async Task<IReadOnlyList<Exception>> ReadEach(string path, Action<string> read, params IEnumerable<string> kinds)
    {
        var errors = new List<Exception>();
        foreach (string kind in kinds)
        {
            Create(kind, path);
            Task<Exception?> running = Task.Factory.StartNew(
                () =>
                {
                    try
                    {
                        read(path);
                        return null;
                    }
                    catch (Exception error)
                    {
                        return error;
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            errors.Add(await running.WaitAsync(Patience) ?? new InvalidOperationException($"The {kind} was read."));
            if (kind == "folder")
                Directory.Delete(path);
            else
                File.Delete(path);
        }

        return errors;
    }
}
