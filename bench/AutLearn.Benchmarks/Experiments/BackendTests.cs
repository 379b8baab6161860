using AutLearn.Compiler.Gradients;
using AutLearn.Testing;
using AutLearn.Testing.Backend;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Writes the table of ONNX's backend tests: <c>backend-tests [--out FILE] [--only PART-OF-NAME]</c>.</summary>
internal static class BackendTests
{
    public static int Run(string[] args)
    {
        string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;
        string? archive = TestData.Find(BackendArchive.RelativePath);
        if (archive is null)
        {
            Console.Error.WriteLine($"'{BackendArchive.RelativePath}' is not in '{TestData.Folder}'. Set {TestData.Variable} to the folder that holds it.");
            return 1;
        }

        string only = Option("--only") ?? "";
        string[] models = [.. BackendArchive.Unpack(archive).Where(f => f.Contains(only, StringComparison.Ordinal))];
        BackendResult[] results = BackendSuite.Run(models, GradientRegistry.CreateDefault());
        foreach (BackendResult result in results.Where(r => only.Length > 0 || r.Outcome == BackendOutcome.Wrong))
            Console.WriteLine($"{result.Outcome} {result.Name} ({result.Operator}): {result.Detail}");
        foreach (BackendOutcome outcome in Enum.GetValues<BackendOutcome>())
            Console.WriteLine($"{results.Count(r => r.Outcome == outcome),6} {outcome}");
        if (Option("--out") is { } path)
            File.WriteAllText(path, BackendTable.Write(results));
        return results.Any(r => r.Outcome == BackendOutcome.Wrong) ? 1 : 0;
    }
}
