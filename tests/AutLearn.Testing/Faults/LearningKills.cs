using System.Diagnostics;
using System.Globalization;
using AutLearn.Runtime.Stores;

namespace AutLearn.Testing.Faults;

/// <summary>Kills a learning process again and again, and checks after each kill what it left.</summary>
public static class LearningKills
{
    /// <summary>Runs the probe to its end without a kill.</summary>
    /// <returns>The last generation.</returns>
    public static (Generation Generation, TimeSpan Duration) RunWhole(string probe, string folder)
    {
        var watch = Stopwatch.StartNew();
        (int exit, _) = RunOnce(probe, folder, killAfter: null);
        if (exit != 0)
            throw new InvalidOperationException($"The probe ended with {exit}.");
        return (Newest(folder)!, watch.Elapsed);
    }

    /// <summary>Kills and restarts until the probe ends by itself.</summary>
    /// <param name="probe">The probe's assembly.</param>
    /// <param name="folder">Where it learns.</param>
    /// <param name="random">Draws the moments.</param>
    /// <param name="longest">The longest time before a kill.</param>
    /// <param name="maxKills">After so many it is left alone.</param>
    /// <returns>The last generation, the kills, and how many of them struck while there was something to lose.</returns>
    /// <exception cref="InvalidOperationException">Something committed was lost, or the newest state is no committed generation.</exception>
    public static (Generation Generation, int Kills, int AfterCommits) RunWithKills(string probe, string folder, Random random, TimeSpan longest, int maxKills)
    {
        long acknowledged = 0;
        int kills = 0, afterCommits = 0;
        while (true)
        {
            TimeSpan? killAfter = kills < maxKills ? longest * random.NextDouble() : null;
            (int exit, long last) = RunOnce(probe, folder, killAfter);
            acknowledged = Math.Max(acknowledged, last);
            Generation? newest = Newest(folder);
            if ((newest?.Number ?? 0) < acknowledged)
                throw new InvalidOperationException($"Generation {acknowledged} was acknowledged, but {newest?.Number ?? 0} is the newest after kill {kills}.");
            if (exit == 0)
                return (newest!, kills, afterCommits);
            kills++;
            if (newest is not null)
                afterCommits++;
        }
    }

    private static Generation? Newest(string folder)
    {
        using var store = new GenerationStore(Path.Combine(folder, "generations"));
        return store.ReadNewestFirst(n => throw new InvalidOperationException($"Generation {n} is damaged.")).FirstOrDefault();
    }

    // SIGKILL where the system has it: no handler, no finally, no flush.
    private static (int Exit, long Acknowledged) RunOnce(string probe, string folder, TimeSpan? killAfter)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", probe, folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        bool isKilled = killAfter is { } time && !process.WaitForExit(time);
        if (isKilled)
            process.Kill();
        process.WaitForExit();
        if (!isKilled && process.ExitCode != 0)
            throw new InvalidOperationException($"The probe failed with {process.ExitCode}: {error.Result}");
        long acknowledged = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => long.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : 0).DefaultIfEmpty().Max();
        return (isKilled ? -1 : process.ExitCode, acknowledged);
    }
}
