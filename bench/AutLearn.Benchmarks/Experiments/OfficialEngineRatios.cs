using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using AutLearn.Benchmarks.OfficialEngine;
using AutLearn.Compiler.Optimizers;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Our step in the plain WebAssembly build of ONNX Runtime against official artifacts in the training build of the same version.</summary>
internal static class OfficialEngineRatios
{
    private const string Variable = "AUTLEARN_ORACLE";
    private const int Pairs = 60;
    private const int Creations = 15;
    private const int CheckedSteps = 8;
    private const int RunMilliseconds = 4;
    private const int WarmUpMilliseconds = 1500;
    private const double Tolerance = 1e-5;

    private static readonly string Default = Path.Combine("artifacts", "oracle");

    public static int Run(string[] args)
    {
        string engine = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : Default;
        string dist = Path.GetFullPath(Path.Combine(engine, "node_modules", "onnxruntime-web", "dist"));
        if (!Directory.Exists(dist))
        {
            Console.Error.WriteLine($"The official training engine is not installed: there is no '{dist}'. Run 'bash eng/install-oracle.sh', or set {Variable} to the folder in which it is.");
            return 1;
        }

        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string only = args.Length > 1 ? args[1] : "";
        var times = new StringBuilder();
        var sizes = new StringBuilder();
        foreach (EngineNetwork network in EngineNetwork.All.Where(n => n.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
        {
            foreach (Optimizer optimizer in (Optimizer[])[new AdamWOptimizer(), new SgdOptimizer()])
            {
                foreach (int batch in (int[])[1, 16, 64])
                    Append(network, optimizer, batch, dist, times, sizes);
            }
        }

        File.WriteAllText(Path.Combine(output, "official-engine.md"), $"""
            # Training steps against the official engine

            {MachineHeader.Text}; node {NodeVersion()}

            The retired training engine (onnxruntime-web 1.19.2, its training build) on the official sets that `--target ort-training` writes, against
            `train_step.onnx` in the plain build of the same version: WebAssembly, one thread, both in one process, the same parameters and batch, the losses of the
            first {CheckedSteps} steps equal within {Tolerance * 100:0.####} %. Both are called below their JavaScript interface: all tensors lie in WebAssembly
            memory, and a step copies and creates none but the loss. A step of the engine is training step, optimizer step and lazy reset of the gradients; one of
            ours is a run that reads one set of parameters and states and writes the other. Runs of at least {RunMilliseconds} ms alternate, {Pairs} pairs; medians, and of
            each pair's ratio its 10th and 90th percentile; "fastest" is the ratio of the fastest runs, which what else the machine did met least.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- official-engine`.

            {string.Join('\n', EngineNetwork.All.Select(n => $"- {n.Name}: {n.Description}"))}

            | network | optimizer | batch | engine | AutLearn | ratio | 10 % to 90 % | fastest |
            | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
            {times}
            Nodes are those of the training and optimizer models against the step's. Creation is that of the engine's whole session (checkpoint, training, evaluation and
            optimizer model) against that of the step's, medians of {Creations} in turns. Bytes are those of all files that each side writes.

            | network | optimizer | nodes, engine | nodes, AutLearn | creation, engine | creation, AutLearn | ratio | fastest | bytes, engine | bytes, AutLearn | ratio |
            | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            {sizes}
            """);
        return 0;
    }

    private static void Append(EngineNetwork network, Optimizer optimizer, int batch, string dist, StringBuilder times, StringBuilder sizes)
    {
        string folder = Directory.CreateTempSubdirectory("autlearn-engine-").FullName;
        try
        {
            var measurement = new JsonObject
            {
                ["pairs"] = Pairs,
                ["creations"] = Creations,
                ["checkedSteps"] = CheckedSteps,
                ["runMilliseconds"] = RunMilliseconds,
                ["warmUpMilliseconds"] = WarmUpMilliseconds,
            };
            EngineCase compiled = EngineCase.Write(network, optimizer, batch, measurement, folder);
            JsonNode result = JsonNode.Parse(Node(Path.Combine(AppContext.BaseDirectory, "official-engine.mjs"), dist, compiled.File))!;
            string name = $"{network.Name} | {(optimizer.Spec.Kind == "sgd" ? "SGD" : "AdamW")}";
            (double[] theirLosses, double[] ourLosses) = Sides(result, "losses");
            if (!theirLosses.Zip(ourLosses).All(l => Math.Abs(l.First - l.Second) <= Tolerance * Math.Abs(l.First)))
                throw new InvalidOperationException($"The losses of {name}, batch {batch}, differ: {string.Join(' ', theirLosses)} in the engine, {string.Join(' ', ourLosses)} here.");
            (double[] theirs, double[] ours) = Sides(result, "times");
            double[] ratios = [.. theirs.Zip(ours, (t, o) => o / t).Order()];
            Add(times, $"| {name} | {batch} | {Turns.Text(1000 * Turns.Median(theirs))} | {Turns.Text(1000 * Turns.Median(ours))} | {Turns.Median(ratios):0.00} | {ratios[Pairs / 10]:0.00} to {ratios[Pairs * 9 / 10]:0.00} | {ours.Min() / theirs.Min():0.00} |");
            if (batch > 1)
                return;
            (double[] theirCreations, double[] ourCreations) = Sides(result, "creations");
            double their = Turns.Median(theirCreations), our = Turns.Median(ourCreations);
            Add(sizes, $"| {name} | {compiled.OfficialNodes} | {compiled.Nodes} | {Turns.Text(1000 * their)} | {Turns.Text(1000 * our)} | {our / their:0.00} | {ourCreations.Min() / theirCreations.Min():0.00} | {compiled.OfficialBytes} | {compiled.Bytes} | {(double)compiled.Bytes / compiled.OfficialBytes:0.00} |");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Add(StringBuilder rows, FormattableString row)
    {
        string text = row.ToString(CultureInfo.InvariantCulture);
        Console.WriteLine(text);
        rows.AppendLine(text);
    }

    private static (double[] Theirs, double[] Ours) Sides(JsonNode result, string name)
    {
        JsonArray sides = result[name]!.AsArray();
        return (Numbers(sides[0]!), Numbers(sides[1]!));

        static double[] Numbers(JsonNode side) => [.. side.AsArray().Select(n => n!.GetValue<double>())];
    }

    private static string NodeVersion() => Node("--version").Trim();

    private static string Node(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"node {string.Join(' ', arguments)} failed: {errors.Result}");
    }
}
