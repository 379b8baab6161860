using System.Globalization;
using System.Text;

namespace AutLearn.Testing.Backend;

/// <summary>The results of all backend tests, by operator.</summary>
public static class BackendTable
{
    /// <summary>Writes the table in Markdown.</summary>
    public static string Write(IReadOnlyCollection<BackendResult> results)
    {
        var text = new StringBuilder();
        text.Append("# ONNX's backend tests\n\n");
        text.Append("For each model: read, check, write, the same outputs in ONNX Runtime after it, inferred shapes against real ones, and the gradient of a weighted sum of all outputs by each input against central differences. ");
        text.Append("Written by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- backend-tests --out FILE`.\n\n");
        text.Append("| outcome | models |\n|---|---:|\n");
        foreach (BackendOutcome outcome in Enum.GetValues<BackendOutcome>())
            text.Append(CultureInfo.InvariantCulture, $"| {Title(outcome)} | {results.Count(r => r.Outcome == outcome)} |\n");
        text.Append("\nBy operator; tests of several operators stand under the name of their folder.\n\n");
        text.Append("| operator | right | zero | nothing to differentiate | refused | not run | wrong |\n|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (IGrouping<string, BackendResult> group in results.GroupBy(r => r.Operator).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            string counts = string.Join(" | ", Enum.GetValues<BackendOutcome>().Select(o => group.Count(r => r.Outcome == o)).Select(c => c == 0 ? "" : c.ToString(CultureInfo.InvariantCulture)));
            text.Append(CultureInfo.InvariantCulture, $"| {group.Key} | {counts} |\n");
        }

        List(text, "Refused by name", results.Where(r => r.Outcome == BackendOutcome.Refused));
        List(text, "Wrong", results.Where(r => r.Outcome == BackendOutcome.Wrong));
        return text.ToString();
    }

    private static void List(StringBuilder text, string title, IEnumerable<BackendResult> results)
    {
        BackendResult[] listed = [.. results.OrderBy(r => r.Name, StringComparer.Ordinal)];
        if (listed.Length == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n");
        foreach (BackendResult result in listed)
            text.Append(CultureInfo.InvariantCulture, $"- {result.Name}: {result.Detail.ReplaceLineEndings(" ")}\n");
    }

    /// <summary>What an outcome is called in the table.</summary>
    public static string Title(BackendOutcome outcome) => outcome switch
    {
        BackendOutcome.Right => "right: every gradient equals the differences",
        BackendOutcome.Zero => "zero, by rule or because nothing depends on the values",
        BackendOutcome.NothingToDifferentiate => "nothing to differentiate",
        BackendOutcome.Refused => "refused by name",
        BackendOutcome.NotRun => "not run by ONNX Runtime",
        _ => "wrong",
    };
}
