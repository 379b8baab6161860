using System.Globalization;
using AutLearn.Compiler.Gradients;
using AutLearn.Testing;
using AutLearn.Testing.Backend;

namespace AutLearn.Compiler.Tests.Backend;

/// <summary>ONNX's own backend tests: read, checked, written, run, inferred and differentiated; the committed table says what is to be expected.</summary>
[Trait("Category", "Conformance")]
public sealed class BackendTests
{
    private static readonly string Table = Path.Combine(TestData.RepositoryRoot, "bench", "results", "backend-tests.md");

    [SkippableFact]
    public void Run_EveryModel_NothingIsWrongAndNoMoreIsRefusedThanTheTableSays()
    {
        IReadOnlyList<string> models = BackendArchive.Unpack(TestData.PathOrSkip(BackendArchive.RelativePath));
        BackendResult[] results = BackendSuite.Run(models, GradientRegistry.CreateDefault());

        string[] wrong = [.. results.Where(r => r.Outcome == BackendOutcome.Wrong).Select(r => $"{r.Name}: {r.Detail}")];
        Assert.True(wrong.Length == 0, string.Join("\n", wrong));
        string[] lines = File.ReadAllLines(Table);
        string[] newlyRefused = [.. results.Where(r => r.Outcome == BackendOutcome.Refused && !lines.Any(l => l.StartsWith($"- {r.Name}:", StringComparison.Ordinal))).Select(r => $"{r.Name}: {r.Detail}")];
        Assert.True(newlyRefused.Length == 0, string.Join("\n", newlyRefused));
        int right = results.Count(r => r.Outcome == BackendOutcome.Right), expected = CountIn(lines, BackendOutcome.Right);
        Assert.True(right >= expected, $"{right} gradients are right, where '{Path.GetFileName(Table)}' has {expected}. Write it anew with the benchmarks' backend-tests, and see what changed.");
    }

    private static int CountIn(string[] lines, BackendOutcome outcome)
    {
        string start = $"| {BackendTable.Title(outcome)} | ";
        return int.Parse(lines.Single(l => l.StartsWith(start, StringComparison.Ordinal))[start.Length..].TrimEnd('|', ' '), CultureInfo.InvariantCulture);
    }
}
