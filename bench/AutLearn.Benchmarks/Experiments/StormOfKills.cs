using System.Globalization;
using AutLearn.Testing.Faults;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Kills an app at work in a whole profile a thousand times: <c>kill-storm [--kills N] [--minutes M] [--folder F] [--out FOLDER]</c>.</summary>
/// <remarks>With a folder of its own a storm that ends early goes on where it was when the command is given again.</remarks>
internal static class StormOfKills
{
    private const int Seed = 2027;

    public static async Task<int> RunAsync(string[] args)
    {
        int kills = int.Parse(Argument(args, "--kills") ?? "1000", CultureInfo.InvariantCulture);
        var limit = TimeSpan.FromMinutes(double.Parse(Argument(args, "--minutes") ?? "60", CultureInfo.InvariantCulture));
        string output = Argument(args, "--out") ?? Path.Combine("bench", "results");
        string? given = Argument(args, "--folder");
        string folder = given ?? Directory.CreateTempSubdirectory("autlearn-storm-").FullName;
        try
        {
            var storm = new KillStorm(Path.Combine(AppContext.BaseDirectory, "AutLearn.LearningProbe.dll"), folder, Seed);
            StormCounts counts = storm.Ledger.Counts;
            for (TimeSpan begun = TimeSpan.FromSeconds(counts.Seconds); counts.Kills < kills && TimeSpan.FromSeconds(counts.Seconds) - begun < limit;)
            {
                await storm.KillOnceAsync();
                if (counts.Kills % 25 == 0)
                    Console.WriteLine($"{counts.Kills} kills, {counts.Seconds / counts.Kills:0.00} s each");
            }

            Directory.CreateDirectory(output);
            await File.WriteAllTextAsync(Path.Combine(output, "kill-storm.md"), Report(counts));
            return counts.Kills >= kills ? 0 : 1;
        }
        finally
        {
            if (given is null)
                Directory.Delete(folder, recursive: true);
        }
    }

    private static string Report(StormCounts counts) => string.Create(CultureInfo.InvariantCulture, $"""
        # A storm of kills

        {MachineHeader.Text}; {counts.Seconds:0} s, {counts.Seconds / counts.Kills:0.00} s a kill

        An app with a whole profile (sample store, features, generations and checkpoints, all sealed) stores and labels samples, learns online,
        learns offline in windows of 10 to 150 ms, commits generations and forgets single samples, sources and everything, all at once. It is
        killed with SIGKILL at random moments (seed {Seed}), one time in five while it starts, and in {counts.Rivals} lives a second process
        opens the profile at the same time. After each kill the profile is opened as the app opens it and compared with what was acknowledged.
        Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- kill-storm`.

        | what | count |
        | --- | ---: |
        | kills | {counts.Kills} |
        | of them before the profile was open | {counts.BeforeOpening} |
        | samples acknowledged | {counts.Samples} |
        | labels acknowledged | {counts.Labels} |
        | generations acknowledged | {counts.Generations} |
        | forgettings acknowledged | {counts.Forgettings} |
        | forgettings that a kill cut short | {counts.CutShort} |
        | of them gone on with at the next start | {counts.Resumed} |
        | samples stored whose acknowledgement the kill cut off | {counts.Unacknowledged} |
        | temporary files left by kills, all swept by opening | {counts.Swept} |
        | processes that found the profile in use | {counts.Refused} |
        | two processes in the profile at once | 0 |
        | acknowledged samples, labels or generations lost or changed | 0 |
        | forgotten samples, features or states that came back | 0 |
        | contents of forgotten samples in the bytes of any file | 0 |
        | damaged contents, generations or checkpoints | 0 |
        | files that opening did not sweep | 0 |

        The command fails at the first count that would not be 0.

        """);

    private static string? Argument(string[] args, string name)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
