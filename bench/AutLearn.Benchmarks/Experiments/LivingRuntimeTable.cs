using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AutLearn.Benchmarks.LivingRuntimes;
using AutLearn.Benchmarks.OfficialEngine;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>The same training step in every installed version of ONNX Runtime, against AutLearn's own runtime.</summary>
internal static partial class LivingRuntimeTable
{
    private const int Steps = 5;
    private const int Batch = 8;
    private const float Rate = 0.001f;
    private const double Tolerance = 1e-5;

    private static readonly string Installed = Path.Combine("artifacts", "living");

    private sealed record Learnt(double[] Losses, IReadOnlyDictionary<string, float[]> Parameters);

    public static int Run(string[] args)
    {
        string[] folders = Directory.Exists(Installed) ? [.. Directory.GetDirectories(Installed).Order(StringComparer.Ordinal)] : [];
        if (folders.Length == 0)
        {
            Console.Error.WriteLine($"No runtime is installed: there is nothing in '{Installed}'. Run 'bash eng/install-living-runtimes.sh'.");
            return 1;
        }

        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        var rows = new StringBuilder();
        int different = LivingNetwork.All.Sum(network => Append(network, folders, rows));
        File.WriteAllText(Path.Combine(output, "living-runtimes.md"), $"""
            # The emitted step in every living ONNX Runtime

            {MachineHeader.Text}; node {Output("node", "--version").Trim()}

            `train_step.onnx` of networks compiled with AdamW, whole unless it says otherwise: {Steps} steps of one batch of {Batch}, learning rate {Rate}, one thread, through each runtime's public
            interface. Compared with AutLearn's runtime running the same file: of the losses the largest difference relative to the loss, of the parameters after
            the last step the largest difference relative to the largest number of the tensor. "AutLearn, own update" runs `gradients.onnx` and updates in C#, which is what
            AutLearn does by default. NuGet versions are the oldest and the newest that were served; npm versions run in WebAssembly under Node.
            Adam divides a gradient by its own size, so where it is nothing but rounding (the bias of attention's keys, whose true gradient is 0) any two runtimes
            disagree in that parameter, AutLearn's two ways as well, and in no loss; the transformer here trains none such.
            Made by `bash eng/install-living-runtimes.sh` and `dotnet run -c Release --project bench/AutLearn.Benchmarks -- living-runtimes`, which fails where a loss differs by
            more than {Tolerance:0.#####}.

            {string.Join('\n', LivingNetwork.All.Select(n => $"- {n.Name}: {n.Description}"))}

            | network | runtime | loss, first step | loss, step {Steps} | difference of losses | of parameters |
            | --- | --- | ---: | ---: | ---: | ---: |
            {rows}
            """.TrimEnd() + "\n");
        return different == 0 ? 0 : 1;
    }

    private static int Append(LivingNetwork network, string[] runtimes, StringBuilder rows)
    {
        string folder = Directory.CreateTempSubdirectory("autlearn-living-").FullName;
        try
        {
            OnnxModel model = network.Create();
            CompiledArtifacts artifacts = ModelCompiler.Compile(model, new() { Trainable = network.Trainable, Optimizer = new AdamWOptimizer() });
            artifacts.Save(folder);
            var random = new Random(1);
            Tensor features = StepDescription.Random(random, [Batch, .. model.Graph.Inputs[0].Type!.Shape!.Skip(1).Select(d => d.Size)]);
            long[] labels = [.. Enumerable.Range(0, Batch).Select(_ => random.NextInt64(network.Classes))];
            string file = Path.Combine(folder, "case.json");
            File.WriteAllText(file, new JsonObject
            {
                ["steps"] = Steps,
                ["parameters"] = JsonSerializer.SerializeToNode(artifacts.Manifest.Parameters.Select(p => p.Tensor.Name)),
                ["step"] = StepDescription.Of(artifacts, features, Tensor.Of<long>([Batch], labels), Rate),
            }.ToJsonString());

            string version = $"opset {artifacts.Manifest.Opset}, format {artifacts.TrainStep.IrVersion}";
            Learnt ours = Ours(folder, features, labels, wholeSteps: true);
            int different = Add(rows, $"{network.Name} ({version})", "AutLearn, the same step", ours, ours);
            different += Add(rows, network.Name, "AutLearn, own update", Ours(folder, features, labels, wholeSteps: false), ours);
            foreach (string runtime in runtimes)
            {
                string[] name = Path.GetFileName(runtime).Split('-', 2);
                string text = name[0] == "web" ? $"onnxruntime-web {name[1]}" : $"NuGet {name[1]}";
                try
                {
                    string json = name[0] == "web"
                        ? Output("node", Path.Combine(AppContext.BaseDirectory, "living-step.mjs"), runtime, file)
                        : Output("dotnet", Path.Combine(runtime, "run", "LivingStep.dll"), file);
                    different += Add(rows, network.Name, text, Read(json), ours);
                }
                catch (InvalidOperationException refused)
                {
                    Add(rows, $"| {network.Name} | {text} | refused: {refused.Message} | | | |");
                }
            }

            return different;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Learnt Ours(string folder, Tensor features, long[] labels, bool wholeSteps)
    {
        using PersonalModel model = PersonalModel.Open(folder, new() { RunsWholeSteps = wholeSteps, IntraOpThreads = 1 });
        double[] losses = new double[Steps];
        for (int i = 0; i < Steps; i++)
            losses[i] = model.TrainStep(features.Span<float>(), labels, Rate).Loss;
        return new(losses, model.Parameters.ToDictionary(p => p.Tensor.Name, p => model.GetParameter(p.Tensor.Name).Span<float>().ToArray()));
    }

    private static Learnt Read(string json)
    {
        JsonNode result = JsonNode.Parse(json)!;
        return new(
            [.. result["losses"]!.AsArray().Select(l => (double)l!.GetValue<float>())],
            result["parameters"]!.AsObject().ToDictionary(p => p.Key, p => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(p.Value!.GetValue<string>())).ToArray()));
    }

    private static int Add(StringBuilder rows, string network, string runtime, Learnt result, Learnt ours)
    {
        double losses = Difference(result.Losses, ours.Losses, each: true);
        double parameters = ours.Parameters.Select(p => Difference(Doubles(result.Parameters[p.Key]), Doubles(p.Value), each: false)).Aggregate(Math.Max);
        Add(rows, $"| {network} | {runtime} | {result.Losses[0]:0.0000000} | {result.Losses[^1]:0.0000000} | {losses:0.0e0} | {parameters:0.0e0} |");
        return losses <= Tolerance ? 0 : 1;

        static double[] Doubles(float[] values) => Array.ConvertAll(values, v => (double)v);
    }

    // NaN, which Max keeps, where a number is none.
    private static double Difference(double[] theirs, double[] ours, bool each)
    {
        if (theirs.Length != ours.Length)
            return double.NaN;
        double largest = ours.Max(Math.Abs);
        return theirs.Zip(ours, (t, o) => t == o ? 0 : Math.Abs(t - o) / (each ? Math.Abs(o) : largest)).Aggregate(Math.Max);
    }

    private static void Add(StringBuilder rows, FormattableString row)
    {
        string text = row.ToString(CultureInfo.InvariantCulture);
        Console.WriteLine(text);
        rows.AppendLine(text);
    }

    private static string Output(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["ORT_DISABLE_TELEMETRY"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException(Reason(errors.Result));
    }

    // The first line, without the place in ONNX Runtime's source that its messages begin with.
    private static string Reason(string errors) =>
        SourcePlace().Replace(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault("no reason given"), "");

    [GeneratedRegex(@"^\S+\.cc:\d+ .*\) ")]
    private static partial Regex SourcePlace();
}
