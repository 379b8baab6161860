using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using AutLearn.Cloud.Data;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Hostile;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Feeds small inputs that ask for large work, and tables what each takes.</summary>
internal static class HostileInputs
{
    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        var rows = new StringBuilder();
        string folder = Directory.CreateTempSubdirectory("autlearn-hostile-").FullName;
        try
        {
            // Once for the code itself.
            Compile(OnnxFile.ToBytes(HostileModels.Chain(10)));
            Row("functions that call functions, 1000^3 nodes", "did not finish", OnnxFile.ToBytes(HostileModels.NestedFunctions(3, 1000)), Compile);
            Row("a constant joined with itself 45 times", "6.2 GB", OnnxFile.ToBytes(HostileModels.DoublingConcat(45)), Compile);
            Row("the same through two constants each time", "not measured", OnnxFile.ToBytes(HostileModels.DoublingByTwins(40)), Compile);
            Row("3000 expansions of one number to 64 KB", "not measured", OnnxFile.ToBytes(HostileModels.ManyExpansions(3000)), Compile);
            Row("shape arithmetic with 2^44 ways", "did not finish", OnnxFile.ToBytes(HostileModels.ShapeArithmetic(44)), Compile);
            Row("a rank that doubles 40 times", "not measured", OnnxFile.ToBytes(HostileModels.DoublingRank(40)), Compile);
            Row("a target shape of 2^40 elements", "not measured", OnnxFile.ToBytes(HostileModels.Filled()), Compile);
            Row("20 names for one external file of 64 MB", "10 GB (of 500 MB)", Aliases(folder), b => OnnxFile.Read(b, "aliases", folder));
            Row("4000 invented optimizer states of 1 GB", "OutOfMemoryException", States(folder), _ => ArtifactPackage.Open(Path.Combine(folder, "states")).Dispose());
            Row("IDX labels, 1 GB of zeros in gzip", "3.2 GB", Zeros(), b => IdxFile.Read(new MemoryStream(b), "zeros.gz"));
            Row("a chain of 100,000 nodes", "not measured", OnnxFile.ToBytes(HostileModels.Chain(100_000)), Compile);
            Row("a chain of 1,000,000 nodes", "82 s, 6.2 GB resident", OnnxFile.ToBytes(HostileModels.Chain(1_000_000)), Compile);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        File.WriteAllText(Path.Combine(output, "hostile.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # Hostile inputs

            {MachineHeader.Text}

            Small inputs that ask for large work, read and compiled one after the other in one process. Allocated: all managed bytes, garbage included. Resident: the most that the process held so far.
            "Before" is what was reported for build 286e2df, with inputs of the same kind and about the same size.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- hostile`.

            | input | bytes | before | processor time | allocated | resident so far | answer |
            | --- | ---: | --- | ---: | ---: | ---: | --- |
            {rows.ToString().TrimEnd()}

            """));
        return 0;

        void Row(string name, string before, byte[] input, Action<byte[]> action)
        {
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            TimeSpan started = process.TotalProcessorTime;
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            string answer = "accepted";
            try
            {
                action(input);
            }
            catch (AutLearnException error)
            {
                answer = $"refused: {error.Message.Split(':', 2)[^1].Trim()}";
            }

            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            process.Refresh();
            double seconds = (process.TotalProcessorTime - started).TotalSeconds;
            string row = string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {input.Length} | {before} | {seconds:0.00} s | {allocated / 1e6:0.0} MB | {process.PeakWorkingSet64 / 1e6:0} MB | {Short(answer)} |");
            rows.Append(row).Append('\n');
            Console.WriteLine(row);
        }
    }

    private static string Short(string answer) => (answer.Length > 110 ? answer[..110] + "..." : answer).Replace('\n', ' ').Replace('|', '/');

    private static void Compile(byte[] bytes) => ModelCompiler.Compile(OnnxFile.Read(bytes, "hostile.onnx"), new CompileOptions());

    private static byte[] Aliases(string folder)
    {
        var graph = new OnnxGraph("aliases");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(16L << 20)));
        graph.AddOutput(graph.AddNode("Add", [x, graph.AddInitializer("w", Tensor.Of<float>([16 << 20], new float[16 << 20]))], ["y"]).Outputs[0]!);
        string path = Path.Combine(folder, "aliases.onnx");
        OnnxFile.Write(new OnnxModel(graph, 17), path, new OnnxWriteOptions { ExternalDataThresholdInBytes = 1024, ExternalDataFileName = "w.bin" });
        return WireModels.WithAliases(File.ReadAllBytes(path), "w.bin", 64 << 20, 20);
    }

    private static byte[] States(string folder)
    {
        string path = Path.Combine(folder, "states");
        ModelCompiler.Compile(HostileModels.Chain(1), new CompileOptions()).Save(path);
        string file = Path.Combine(path, ArtifactNames.Manifest);
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(file))!;
        string parameter = manifest["parameters"]![0]!["tensor"]!["name"]!.GetValue<string>();
        JsonArray states = manifest["optimizer_state"]!.AsArray();
        for (int i = 0; i < 4000; i++)
        {
            JsonNode tensor = manifest["parameters"]![0]!["tensor"]!.DeepClone();
            tensor["name"] = $"s{i}";
            tensor["shape"] = new JsonArray("250000000");
            states.Add(new JsonObject { ["tensor"] = tensor, ["updated_output"] = $"n{i}", ["parameter"] = parameter, ["slot"] = "momentum", ["initial_value"] = 1 });
        }

        File.WriteAllText(file, manifest.ToJsonString());
        return File.ReadAllBytes(file);
    }

    private static byte[] Zeros()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zip.Write([0, 0, 8, 1, 0x40, 0, 0, 0]);
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 1 << 10; i++)
                zip.Write(zeros);
        }

        return packed.ToArray();
    }
}
