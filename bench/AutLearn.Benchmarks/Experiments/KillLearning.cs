using System.Diagnostics;
using System.Globalization;
using AutLearn.Runtime.Stores;
using AutLearn.Testing.Faults;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Kills a learning process two hundred times.</summary>
internal static class KillLearning
{
    private const int Kills = 200;
    private const int KillsPerRun = 25;
    private const int Seed = 2026;

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string probe = Path.Combine(AppContext.BaseDirectory, "AutLearn.LearningProbe.dll");
        string folder = Directory.CreateTempSubdirectory("autlearn-kills-").FullName;
        var watch = Stopwatch.StartNew();
        var random = new Random(Seed);
        int kills = 0, runs = 0, afterCommits = 0;
        try
        {
            (Generation expected, TimeSpan duration) = LearningKills.RunWhole(probe, NewFolder("whole"));
            while (kills < Kills)
            {
                // Shorter than a whole run, so that most runs need many lives.
                (Generation generation, int killed, int after) = LearningKills.RunWithKills(
                    probe, NewFolder($"{runs}"), random, duration * 0.7, Math.Min(KillsPerRun, Kills - kills));
                if (generation.Number != expected.Number || !generation.Content.Span.SequenceEqual(expected.Content.Span))
                    throw new InvalidOperationException($"Run {runs} ended with other parameters after {killed} kills.");
                kills += killed;
                afterCommits += after;
                runs++;
                Console.WriteLine($"{kills} kills, {runs} runs");
            }

            File.WriteAllText(Path.Combine(output, "kill-learning.md"), string.Create(CultureInfo.InvariantCulture, $"""
                # Killing a learning process

                {MachineHeader.Text}; {watch.Elapsed.TotalSeconds:0} s

                A process trains {expected.Number} times on a growing history (augmented, dropout, Adam, a checkpoint every third step) and is killed with SIGKILL at random moments (seed {Seed}), then started again.
                Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- kill-learning`.

                | what | count |
                | --- | ---: |
                | kills | {kills} |
                | of them with a committed generation to lose | {afterCommits} |
                | runs to the end | {runs} |
                | acknowledged generations lost | 0 |
                | damaged generations found | 0 |
                | runs whose last generation differs in a bit from a run without kills | 0 |

                The command fails at the first count that would not be 0.

                """));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;

        string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
    }
}
