using System.IO.Compression;
using System.Text.Json.Nodes;
using AutLearn.Graph.Artifacts;
using CsCheck;

namespace AutLearn.Graph.Tests.Artifacts;

[Trait("Category", "Unit")]
public sealed class ArtifactPackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-artifacts-").FullName;

    private string PackagePath => Path.Combine(_folder, "sample.autlearn");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("set")]
    [InlineData("set.autlearn")]
    public void Open_WhatTheWriterWrote_GivesBackManifestAndFiles(string name)
    {
        string path = Path.Combine(_folder, name);
        ArtifactManifest written = SampleArtifacts.Writer().Write(path);
        using var package = ArtifactPackage.Open(path);
        package.Verify();
        Assert.Equal(5, package.Manifest.Files.Length);
        Assert.Equal(written.Files.AsEnumerable(), package.Manifest.Files);
        Assert.Equal(written.Parameters.AsEnumerable(), package.Manifest.Parameters);
        Assert.Equal(written.Preprocessing, package.Manifest.Preprocessing);
        Assert.Equal(-100, package.Manifest.Loss.IgnoreIndex);
        Assert.Equal(SampleArtifacts.Content(ArtifactNames.TrainStep), package.Read(ArtifactNames.TrainStep).ToArray());
        Assert.True(package.Contains("ort-training/checkpoint"));
        Assert.False(package.Contains(ArtifactNames.TrainStepCached));
    }

    [Theory]
    [InlineData(PackageCompression.Stored)]
    [InlineData(PackageCompression.Deflated)]
    public void WritePackage_Twice_GivesTheSameBytes(PackageCompression compression)
    {
        SampleArtifacts.Writer().WritePackage(PackagePath, compression);
        byte[] first = File.ReadAllBytes(PackagePath);
        SampleArtifacts.Writer().WritePackage(PackagePath, compression);
        Assert.Equal(first, File.ReadAllBytes(PackagePath));
        using var package = ArtifactPackage.Open(PackagePath);
        package.Verify();
    }

    [Fact]
    public void Read_FileWithOneBitFlipped_NamesTheFile()
    {
        string path = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(path);
        string file = Path.Combine(path, ArtifactNames.Evaluation);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[17] ^= 4;
        File.WriteAllBytes(file, bytes);
        using var package = ArtifactPackage.Open(path);
        package.Read(ArtifactNames.Inference);
        var error = Assert.Throws<InvalidArtifactException>(() => package.Read(ArtifactNames.Evaluation));
        Assert.Equal(ArtifactNames.Evaluation, error.File);
        Assert.Contains("SHA-256", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingOrTruncatedFile_NamesTheFile()
    {
        string path = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(path);
        string file = Path.Combine(path, ArtifactNames.Inference);
        File.WriteAllBytes(file, new byte[3]);
        Assert.Equal(ArtifactNames.Inference, Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(path)).File);
        File.Delete(file);
        Assert.Contains("missing", Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NothingThere_SaysWhatToGive() =>
        Assert.Contains(".autlearn", Assert.Throws<FileNotFoundException>(() => ArtifactPackage.Open(Path.Combine(_folder, "none"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_NoZip_IsRefused()
    {
        File.WriteAllText(PackagePath, "PK no package at all");
        Assert.Equal(PackagePath, Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(PackagePath)).File);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("/evil")]
    [InlineData("a/../../evil")]
    [InlineData("C:evil")]
    [InlineData("a\\evil")]
    [InlineData("a//evil")]
    public void Open_EntryNameThatLeavesTheFolder_IsRefused(string name)
    {
        SampleArtifacts.Writer().WritePackage(PackagePath);
        using (ZipArchive zip = ZipFile.Open(PackagePath, ZipArchiveMode.Update))
            zip.CreateEntry(name);
        Assert.Contains("portable", Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(PackagePath)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SampleArtifacts.Writer().Add(name, default));
    }

    [Fact]
    public void Read_ZipBomb_IsRefusedBeforeItGrows()
    {
        ArtifactWriter writer = SampleArtifacts.Writer();
        writer.Add("bomb", new byte[100 << 20]);
        writer.WritePackage(PackagePath, PackageCompression.Deflated);
        using var package = ArtifactPackage.Open(PackagePath);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("grow", Assert.Throws<InvalidArtifactException>(() => package.Read("bomb")).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_ClosedPackage_Throws()
    {
        SampleArtifacts.Writer().WritePackage(PackagePath);
        var package = ArtifactPackage.Open(PackagePath);
        package.Dispose();
        package.Dispose();
        Assert.Throws<ObjectDisposedException>(() => package.Read(ArtifactNames.Inference));
    }

    [Theory]
    [InlineData("$.format_version", "2", "update AutLearn")]
    [InlineData("$.format_version", "0", "compile the model again")]
    [InlineData("$.batch_symbol", "\"\"", "batch_symbol is empty")]
    [InlineData("$.gradient_factors", """[{"parameter":"none","left":{"name":"a","element_type":"Float32","shape":["N"]},"right":{"name":"b","element_type":"Float32","shape":["N"]},"includes_learning_rate":true}]""", "belong to no parameter")]
    [InlineData("$.batch_symbol", "\"M\"", "is not 'M'")]
    [InlineData("$.logits", "null", "cannot be read")]
    [InlineData("$.inputs", "[null]", "inputs")]
    [InlineData("$.inputs", "[]", "no input")]
    [InlineData("$.boundary[0].inference_output", "null", "either an inference output or a user input")]
    [InlineData("$.parameters[0].tensor.shape", "[\"N\"]", "not made of numbers")]
    [InlineData("$.parameters[0].tensor.shape", "[\"9999999999\",\"9999999999\"]", "too large")]
    [InlineData("$.parameters[0].tensor.shape", "[\"-3\"]", "'-3'")]
    [InlineData("$.parameters[0].tensor.element_type", "\"String\"", "no usable element type")]
    [InlineData("$.labels.name", "\"features\"", "stands twice")]
    [InlineData("$.optimizer_state[0].parameter", "\"v\"", "no parameter")]
    [InlineData("$.optimizer_state[0].initial_value", "-1", "below 0")]
    [InlineData("$.files[0].path", "\"../x\"", "portable")]
    [InlineData("$.files[0].sha256", "\"AB\"", "64 lower-case")]
    [InlineData("$.files[1].path", "\"other\"", "lists no 'inference.onnx'")]
    [InlineData("$.loss.kind", "\"hinge\"", "hinge")]
    [InlineData("$.optimizer.kind", "\"lion\"", "lion")]
    [InlineData("$.defaults.learning_rate", "0", "defaults")]
    [InlineData("$.metrics[0].kind", "\"f1\"", "f1")]
    public void Open_ManifestThatContradictsItself_SaysHow(string path, string value, string reason)
    {
        string folder = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(folder);
        string file = Path.Combine(folder, ArtifactNames.Manifest);
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        Replace(root, path, value);
        File.WriteAllText(file, root.ToJsonString());
        var error = Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(folder));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(ArtifactNames.Manifest, error.File, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void Open_MutatedPackage_RaisesNothingButTheLibrarysErrors()
    {
        SampleArtifacts.Writer().WritePackage(PackagePath);
        Mutate(PackagePath, PackagePath, iterations: 1500);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void Open_MutatedManifest_RaisesNothingButTheLibrarysErrors()
    {
        string folder = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(folder);
        Mutate(folder, Path.Combine(folder, ArtifactNames.Manifest), iterations: 1500);
    }

    [Theory]
    [InlineData("{\"shape\":[\"250000000\"]}", "neither one number nor of the shape of")]
    [InlineData("{\"shape\":[\"3\",\"5\"]}", "neither one number nor of the shape of")]
    [InlineData("{\"shape\":[\"2\"],\"parameter\":null}", "neither one number nor of the shape of")]
    [InlineData("{\"shape\":[\"3\",\"4\"],\"parameter\":null}", "neither one number nor of the shape of")]
    [InlineData("{\"shape\":[\"3\",\"4\"],\"parameter\":\"z\"}", "which is no parameter")]
    [InlineData("{\"shape\":[\"3\",\"4\"],\"count\":9}", "more than 8 states")]
    [InlineData("{\"shape\":[],\"parameter\":null,\"count\":9}", "more than 8 states")]
    public void Open_InventedOptimizerStates_IsRefused(string state, string reason)
    {
        string folder = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(folder);
        string file = Path.Combine(folder, ArtifactNames.Manifest);
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        JsonNode wanted = JsonNode.Parse(state)!;
        JsonArray states = root["optimizer_state"]!.AsArray();
        for (int i = 0; i < (wanted["count"]?.GetValue<int>() ?? 1); i++)
        {
            JsonNode copy = states[0]!.DeepClone();
            copy["tensor"]!["name"] = $"s{i}";
            copy["tensor"]!["shape"] = wanted["shape"]!.DeepClone();
            copy["updated_output"] = $"s{i}_new";
            if (wanted.AsObject().ContainsKey("parameter"))
                copy["parameter"] = wanted["parameter"]?.DeepClone();
            states.Add(copy);
        }

        File.WriteAllText(file, root.ToJsonString());
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(folder));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    public static TheoryData<string, string, GradientSpec[]> WrongGradients => new()
    {
        { "a gradient of nothing", "belongs to no trainable parameter", [new("v", new("w.gradient", ElementType.Float32, ["3", "4"]))] },
        { "another shape", "does not fit the parameter's shape", [new("w", new("w.gradient", ElementType.Float32, ["4", "3"]))] },
        { "another type", "holds Int64", [new("w", new("w.gradient", ElementType.Int64, ["3", "4"]))] },
        { "rows of another shape", "does not fit the parameter's shape", [new("w", new("w.gradient", ElementType.Float32, ["N", "4"])) { Rows = new("rows", ElementType.Int64, ["N", "2"]) }] },
        { "rows that are no numbers", "does not fit the parameter's shape", [new("w", new("w.gradient", ElementType.Float32, ["N", "4"])) { Rows = new("rows", ElementType.Float32, ["N"]) }] },
        { "two dense ones", "stands twice", [new("w", new("g1", ElementType.Float32, ["3", "4"])), new("w", new("g2", ElementType.Float32, ["3", "4"]))] },
        { "one output twice", "stands twice", [new("w", new("loss", ElementType.Float32, ["3", "4"]))] },
    };

    [Theory]
    [MemberData(nameof(WrongGradients))]
    public void Open_GradientsThatFitNothing_AreRefused(string what, string reason, GradientSpec[] gradients)
    {
        Assert.NotEmpty(what);
        ArtifactWriter writer = SampleArtifacts.Writer(SampleArtifacts.Manifest with { Gradients = [.. gradients] });
        writer.Add(ArtifactNames.Gradients, SampleArtifacts.Content(ArtifactNames.Gradients));
        Assert.Contains(reason, Refusal(writer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 1.0, 3L, 2, null)]
    [InlineData(0, 1, 1.0, 3L, 3, "the labels that the models take")]
    [InlineData(1, 1, 1.0, 3L, 2, "impossible")]
    [InlineData(0, 0, 1.0, 3L, 1, "impossible")]
    [InlineData(0, 1, 0.0, 3L, 2, "impossible")]
    [InlineData(0, 1, 1.0, 0L, 2, "impossible")]
    public void Open_TasksOfSeveralLosses_FillTheLabels(int first, int count, double weight, long? classes, int labels, string? reason)
    {
        ArtifactManifest manifest = SampleArtifacts.Manifest with
        {
            Labels = new("labels", ElementType.Float32, ["N", $"{labels}"]),
            Loss = new("multi_task") { Tasks = [new("kind", new("softmax_cross_entropy"), weight, first, count, classes), new("size", new("l1"), 1, 1, 1, null)] },
        };
        if (reason is null)
        {
            SampleArtifacts.Writer(manifest).WritePackage(PackagePath);
            using var package = ArtifactPackage.Open(PackagePath);
            Assert.Equal(manifest.Loss.Tasks, package.Manifest.Loss.Tasks.Select(t => t with { Loss = t.Loss with { ClassWeights = manifest.Loss.ClassWeights, Tasks = manifest.Loss.Tasks[0].Loss.Tasks } }));
        }
        else
        {
            Assert.Contains(reason, Assert.Throws<InvalidArtifactException>(() => SampleArtifacts.Writer(manifest).WritePackage(PackagePath)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Build_FormOfAnotherOptimizer_IsRefused()
    {
        ArtifactManifest manifest = SampleArtifacts.Manifest;
        foreach (OptimizerSpec wrong in (OptimizerSpec[])[new("sgd") { Form = AdamWForm.Transformers }, new("adam") { SkipsBiasCorrection = true }, new("adamw") { Form = (AdamWForm)2 }])
            Assert.Contains("no such form", Assert.Throws<InvalidArtifactException>(() => SampleArtifacts.Writer(manifest with { Optimizer = wrong }).Build()).Message, StringComparison.Ordinal);
        SampleArtifacts.Writer(manifest with { Optimizer = new("adamw") { Form = AdamWForm.Transformers, SkipsBiasCorrection = true } }).Build();
    }

    [Fact]
    public void Open_GradientsWithoutTheirModelOrWeight_AreRefused()
    {
        ArtifactManifest manifest = SampleArtifacts.Manifest with { Gradients = [new("w", new("w.gradient", ElementType.Float32, ["3", "4"]))] };
        Assert.Contains($"no '{ArtifactNames.Gradients}'", Refusal(SampleArtifacts.Writer(manifest)), StringComparison.Ordinal);
        ArtifactWriter writer = SampleArtifacts.Writer(manifest with { Optimizer = manifest.Optimizer with { AccumulationSteps = 4 } });
        writer.Add(ArtifactNames.Gradients, SampleArtifacts.Content(ArtifactNames.Gradients));
        Assert.Contains("weight of their labels", Refusal(writer), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ParametersLargerThanTheirFile_IsRefused()
    {
        string folder = Path.Combine(_folder, "set");
        SampleArtifacts.Writer().Write(folder);
        string file = Path.Combine(folder, ArtifactNames.Manifest);
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        JsonArray parameters = root["parameters"]!.AsArray();
        for (int i = 0; i < 100; i++)
        {
            JsonNode copy = parameters[0]!.DeepClone();
            copy["tensor"]!["name"] = $"p{i}";
            copy["tensor"]!["shape"] = new JsonArray("250000000");
            copy["updated_output"] = $"p{i}_new";
            parameters.Add(copy);
        }

        File.WriteAllText(file, root.ToJsonString());
        Assert.Contains("take more bytes than", Assert.Throws<InvalidArtifactException>(() => ArtifactPackage.Open(folder)).Message, StringComparison.Ordinal);
    }

    // The check is one for who writes and who reads.
    private string Refusal(ArtifactWriter writer) => Assert.Throws<InvalidArtifactException>(() =>
    {
        writer.WritePackage(PackagePath);
        ArtifactPackage.Open(PackagePath).Dispose();
    }).Message;

    private static void Mutate(string path, string file, int iterations)
    {
        byte[] bytes = File.ReadAllBytes(file);
        Gen.Select(Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Array[1, 6], Gen.Int[0, 9], Gen.Int[0, bytes.Length]).Sample(
            (edits, cut, length) =>
            {
                byte[] copy = (byte[])bytes.Clone();
                foreach ((int at, byte value) in edits)
                    copy[at] = value;
                File.WriteAllBytes(file, cut == 0 ? copy[..length] : copy);
                try
                {
                    using var package = ArtifactPackage.Open(path);
                    package.Verify();
                }
                catch (AutLearnException error)
                {
                    return error.File is not null;
                }

                return true;
            },
            iter: iterations,
            threads: 1);
    }

    private static void Replace(JsonNode root, string path, string value)
    {
        string[] parts = path[2..].Replace("[", ".[", StringComparison.Ordinal).Split('.');
        JsonNode node = root;
        foreach (string part in parts[..^1])
            node = part[0] == '[' ? node[int.Parse(part.AsSpan(1, part.Length - 2), System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!;
        node[parts[^1]] = JsonNode.Parse(value);
    }
}
