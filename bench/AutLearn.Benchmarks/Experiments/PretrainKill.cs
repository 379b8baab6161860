using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Testing.Faults;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Kills <c>autlearn pretrain</c> at ten random points, resumes, and compares with an uninterrupted run.</summary>
internal static class PretrainKill
{
    private const int Kills = 10;
    private const int Seed = 2027;

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string folder = Directory.CreateTempSubdirectory("autlearn-pretrain-kill-").FullName;
        var watch = Stopwatch.StartNew();
        try
        {
            var kills = new PretrainKills(Path.Combine(AppContext.BaseDirectory, "AutLearn.Cloud.dll"), folder);
            var random = new Random(Seed);
            var rows = new StringBuilder();
            for (int i = 1; i <= Kills; i++)
            {
                // Throws where anything differs, so that no table is written.
                (double share, int checkpoint) = kills.KillAndResume($"run{i}", random);
                rows.Append(CultureInfo.InvariantCulture, $"| {i} | {100 * share:0} % | {(checkpoint > 0 ? "yes" : "no")} | yes |\n");
                Console.WriteLine($"kill {i} of {Kills} at {100 * share:0} %");
            }

            File.WriteAllText(Path.Combine(output, "pretrain-kill.md"), string.Create(CultureInfo.InvariantCulture, $"""
                # Killing `autlearn pretrain`

                {MachineHeader.Text}; {watch.Elapsed.TotalSeconds:0} s

                A real process of the tool trains a two-layer LSTM language model (dropout, Adam, clipping, two accumulated micro-batches, cosine schedule, validation, a checkpoint every seventh step).
                It is killed with SIGKILL at a random point (seed {Seed}) and the same command is run again. Compared with a run without a kill: parameters, optimizer state, version, and the exported ONNX file, bit by bit.
                Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- pretrain-kill`, which fails at the first difference.

                | kill | training done | left a checkpoint | bit-identical after resuming |
                | ---: | ---: | --- | --- |
                {rows.ToString().TrimEnd()}

                """));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }
}
