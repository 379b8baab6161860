using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutLearn.Graph;
using AutLearn.Testing;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>The official training engine, in its last WebAssembly build under Node.</summary>
internal static class OfficialEngine
{
    /// <summary>The web build has no setter for the learning rate.</summary>
    public const float Rate = 0.001f;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const string Variable = "AUTLEARN_ORACLE";

    private static string Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? given
        : Path.Combine(TestData.RepositoryRoot, "artifacts", "oracle");

    public static void SkipIfMissing() => Skip.IfNot(
        Directory.Exists(Path.Combine(Folder, "node_modules", "onnxruntime-web")),
        $"The official training engine is not installed. Run 'bash eng/install-oracle.sh', or set {Variable} to its folder (looked in '{Folder}').");

    /// <summary>Trains a set, one step a batch.</summary>
    /// <param name="folder">The set, with the official names.</param>
    /// <param name="batches">The inputs of each step by name.</param>
    public static EngineRun Train(string folder, IReadOnlyList<IReadOnlyDictionary<string, Tensor>> batches)
    {
        string steps = Path.Combine(folder, "steps.json");
        string result = Path.Combine(folder, "result.json");
        File.WriteAllText(steps, new JsonArray([.. batches.Select(b => new JsonObject(b.Select(i => KeyValuePair.Create(i.Key, (JsonNode?)Describe(i.Value)))))]).ToJsonString());
        using Process process = Process.Start(new ProcessStartInfo("node", ["oracle.mjs", "--dir", folder, "--inputs", steps, "--eval", "--out", result])
        {
            WorkingDirectory = Folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();

        // The engine never comes back from the second step of some sets.
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            Assert.Fail($"The official engine has not answered within {Patience}.");
        }

        Assert.True(process.ExitCode == 0, $"{error.Result}{output.Result}");
        JsonNode run = JsonNode.Parse(File.ReadAllText(result))!;
        return new(
            [.. run["losses"]!.AsArray().Select(l => l!.GetValue<double>())],
            run["evalLoss"]!.GetValue<double>(),
            [.. run["parameters0"]!.AsArray().Select(p => p!.GetValue<float>())],
            [.. run["parameters1"]!.AsArray().Select(p => p!.GetValue<float>())]);
    }

    private static JsonObject Describe(Tensor tensor) => new()
    {
        ["type"] = tensor.ElementType switch
        {
            ElementType.Int64 => "int64",
            ElementType.Int32 => "int32",
            _ => "float32",
        },
        ["dims"] = JsonSerializer.SerializeToNode(tensor.Dimensions),
        ["data"] = tensor.ElementType switch
        {
            ElementType.Int64 => JsonSerializer.SerializeToNode(tensor.Span<long>().ToArray()),
            ElementType.Int32 => JsonSerializer.SerializeToNode(tensor.Span<int>().ToArray()),
            _ => JsonSerializer.SerializeToNode(tensor.Span<float>().ToArray()),
        },
    };
}

/// <summary>What the official engine did.</summary>
/// <param name="Losses">The loss of each step.</param>
/// <param name="EvaluationLoss">The loss of the first batch afterwards.</param>
/// <param name="Before">The trainable parameters before, in the order of the training model's inputs.</param>
/// <param name="After">The same afterwards.</param>
internal sealed record EngineRun(double[] Losses, double EvaluationLoss, float[] Before, float[] After);
