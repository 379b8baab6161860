using System.Globalization;
using System.Text.Json;
using AutLearn.Cloud.Terminal;
using AutLearn.Testing;

namespace AutLearn.Benchmarks.Experiments.Walks;

/// <summary>What walks from raw files to personal models share: the tool's commands, and figures over seeds.</summary>
internal static class ToolWalk
{
    /// <summary>Runs a command of the tool in this process.</summary>
    /// <param name="commands">Takes the command, with files by their names.</param>
    /// <param name="args">The command.</param>
    /// <returns>Its report.</returns>
    public static JsonElement Tool(List<string> commands, params string[] args)
    {
        string line = string.Join(' ', args.Select(a => a.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.GetFileName(a) : a));
        if (!commands.Contains(line))
            commands.Add(line);
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = Cloud.Program.RunAsync([.. args, "--json"], new ToolConsole(output, error, isInteractive: false), CancellationToken.None).GetAwaiter().GetResult();
        if (code != 0)
            throw new AutLearnException($"autlearn {line}: {error}");
        using JsonDocument document = JsonDocument.Parse(output.ToString());
        return document.RootElement.Clone();
    }

    /// <summary>Gets a figure of a report.</summary>
    public static double Figure(JsonElement report, string part, string name) => report.GetProperty(part).GetProperty(name).GetDouble();

    /// <summary>Finds a file of the real data.</summary>
    public static string Data(string path) => TestData.Find(path) ?? throw new AutLearnException($"'{path}' is not in '{TestData.Folder}'. Set {TestData.Variable} to the folder that holds it.");

    /// <summary>Writes the mean of a column over seeds, and its standard deviation.</summary>
    public static string Spread(List<double[]> rows, int column, double scale, string format)
    {
        double[] values = [.. rows.Select(r => r[column] * scale)];
        double mean = values.Average();
        string text = mean.ToString(format, CultureInfo.InvariantCulture);
        return values.Length == 1 ? text : $"{text} ± {Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1)).ToString(format, CultureInfo.InvariantCulture)}";
    }

    /// <summary>Writes a number as the command line takes it.</summary>
    public static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
