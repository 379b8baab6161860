using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Benchmarks.RealModels;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Takes a folder of real models through compile, open, predict, learn and export, each in a process of its own, and tables what came of it.</summary>
internal static class RealModelTable
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(100);

    public static int Run(string[] args)
    {
        if (args is ["one", string file])
        {
            One(file);
            return 0;
        }

        if (args.Length == 0)
        {
            Console.Error.WriteLine("real-models FOLDER [FILTER] [OUT]: FOLDER holds *.onnx files and, for the table, sources.tsv (see eng/real-models).");
            return 2;
        }

        string filter = args.ElementAtOrDefault(1) ?? "";
        string? output = args.ElementAtOrDefault(2);
        var rows = new List<(string Name, string[] Results)>();
        foreach (string path in Directory.EnumerateFiles(args[0], "*.onnx").Where(p => p.Contains(filter, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            string[] results = InChild(path);
            rows.Add((Path.GetFileNameWithoutExtension(path), results));
            Console.WriteLine($"{Path.GetFileNameWithoutExtension(path)}");
            for (int i = 0; i < results.Length; i++)
                Console.WriteLine($"    {(results.Length == 1 ? "" : RealModelCheck.Ways[i])}: {results[i]}");
        }

        var run = rows.Where(r => r.Results.Length == RealModelCheck.Ways.Length).ToArray();
        for (int i = 0; i < RealModelCheck.Ways.Length; i++)
            Console.WriteLine(Share(RealModelCheck.Ways[i], run.Select(r => r.Results[i])));
        if (output is not null)
            File.WriteAllText(output, Table(args[0], rows));
        return 0;
    }

    private static string Share(string way, IEnumerable<string> results)
    {
        string[] all = [.. results];
        int ok = all.Count(r => r == "ok"), refused = all.Count(r => r.StartsWith("refused", StringComparison.Ordinal)), late = all.Count(r => r.StartsWith("not done", StringComparison.Ordinal));
        return string.Create(CultureInfo.InvariantCulture, $"| {way} | {all.Length} | {ok} | {100.0 * ok / Math.Max(1, all.Length):0} % | {refused} | {late} | {all.Length - ok - refused - late} |");
    }

    private static string Table(string folder, List<(string Name, string[] Results)> rows)
    {
        var sources = new Dictionary<string, string[]>(StringComparer.Ordinal);
        string list = Path.Combine(folder, "sources.tsv");
        foreach (string line in File.Exists(list) ? File.ReadLines(list) : [])
        {
            string[] parts = line.Split('\t');
            if (parts.Length > 2)
                sources.TryAdd(parts[0], parts);
        }

        var run = rows.Where(r => r.Results.Length == RealModelCheck.Ways.Length).ToArray();
        var text = new StringBuilder();
        foreach ((string name, string[] results) in rows)
        {
            string[] source = sources.GetValueOrDefault(name, ["", "", ""]);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {source[1]} | {source[2]} | {(results.Length == 1 ? results[0] : string.Join(" | ", results.Select(Short)))} |");
        }

        var reasons = new StringBuilder();
        foreach (IGrouping<string, (string Name, string Result)> reason in run.SelectMany(r => r.Results.Where(x => x != "ok").Distinct().Select(x => (r.Name, x))).GroupBy(p => p.x).OrderBy(g => g.Key, StringComparer.Ordinal))
            reasons.AppendLine(CultureInfo.InvariantCulture, $"- {string.Join(", ", reason.Select(p => p.Name).Distinct())}: {reason.Key}");
        return $"""
            # Real models

            {MachineHeader.Text}

            {rows.Count} models as their makers publish them, listed with their sources and hashes in `eng/real-models/sources.tsv`; ONNX Runtime runs {run.Length} of them on made-up inputs.
            For each way of training: compile (cross-entropy, or the mean squared difference where the scores are no classes), open, predict as the original does (to 0.5 % of the
            largest number, 1 % in half precision, 5 % where integers compute), a small step of plain descent lowers the loss by what its gradient says (to 20 %), ten steps lower it, the
            export predicts the same. "Refused": compiling says why not. "Not done": all ways together took longer than {MostTime.TotalSeconds:0} s on one core. "Wrong": anything else.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- real-models FOLDER`.

            | way | models | all right | share | refused | not done | wrong |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: |
            {string.Join('\n', RealModelCheck.Ways.Select((way, i) => Share(way, run.Select(r => r.Results[i]))))}

            | model | kind | source | {string.Join(" | ", RealModelCheck.Ways)} |
            | --- | --- | --- | {string.Join(" | ", RealModelCheck.Ways.Select(_ => "---"))} |
            {text}
            ## What was refused or wrong

            {reasons}
            """;
    }

    private static string Short(string result) => result.Split(':')[0];

    private static string[] InChild(string path)
    {
        using Process child = ChildProcess.Start("real-models", "one", path);
        Task<string> text = child.StandardOutput.ReadToEndAsync();
        Task<string> errors = child.StandardError.ReadToEndAsync();
        bool isLate = !child.WaitForExit(MostTime);
        if (isLate)
        {
            child.Kill(entireProcessTree: true);
            child.WaitForExit();
        }

        string[] lines = text.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (child.ExitCode == 0)
            return lines;
        string last = isLate ? $"not done within {MostTime.TotalSeconds:0} s for all ways" : errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("no message");
        return [.. lines.Take(RealModelCheck.Ways.Length - 1), .. Enumerable.Repeat(isLate ? last : $"WRONG: the process ended with {child.ExitCode}: {last}", Math.Max(1, RealModelCheck.Ways.Length - lines.Length))];
    }

    private static void One(string file)
    {
        try
        {
            using var check = new RealModelCheck(file);
            if (!check.OriginalRuns(out string why))
            {
                Console.WriteLine($"not run by ONNX Runtime on made-up inputs: {why}");
                return;
            }

            foreach (string way in RealModelCheck.Ways)
                Console.WriteLine(check.Try(way).ReplaceLineEndings(" "));
        }
        catch (Exception error) when (error is Microsoft.ML.OnnxRuntime.OnnxRuntimeException)
        {
            Console.WriteLine($"not opened by ONNX Runtime: {error.Message.ReplaceLineEndings(" ").Replace(Path.GetDirectoryName(file)! + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)}");
        }
    }
}
