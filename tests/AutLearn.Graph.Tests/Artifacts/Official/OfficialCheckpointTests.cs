using System.Collections.Immutable;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Testing;
using AutLearn.Testing.Hostile;
using CsCheck;

namespace AutLearn.Graph.Tests.Artifacts.Official;

[Trait("Category", "Unit")]
public sealed class OfficialCheckpointTests
{
    [Fact]
    public void Read_WhatWasWritten_IsEqual()
    {
        OfficialCheckpoint written = Sample();
        OfficialCheckpoint read = OfficialCheckpoint.Read(written.ToBytes(), "sample");
        Assert.Equal(written.Trainable.Keys, read.Trainable.Keys);
        Assert.All(written.Trainable, p => Assert.True(p.Value.ContentEquals(read.Trainable[p.Key]), p.Key));
        Assert.All(written.Frozen, p => Assert.True(p.Value.ContentEquals(read.Frozen[p.Key]), p.Key));
        OfficialOptimizerGroup group = Assert.Single(read.OptimizerGroups);
        Assert.Equal(("group0", 17L, 0.25f), (group.Name, group.Step, group.InitialLearningRate));
        Assert.True(written.OptimizerGroups[0].Moments["fc.weight"]["momentum1"].ContentEquals(group.Moments["fc.weight"]["momentum1"]));
        Assert.Equal(written.Properties, read.Properties);
        Assert.Equal(written.ToBytes(), read.ToBytes());
    }

    [Fact]
    public void ApplyTo_Model_ReplacesInitializers()
    {
        var graph = new OnnxGraph("g");
        Value weight = graph.AddInitializer("fc.weight", Tensor.Of<float>([2, 3], new float[6]));
        graph.AddInitializer("fc.bias", Tensor.Vector(0f, 0f));
        graph.AddInitializer("conv.weight", Tensor.Of<float>([1, 1, 2, 2], new float[4]));
        Assert.Equal(3, Sample().ApplyTo(new OnnxModel(graph, 18)));
        Assert.Equal([1f, 2, 3, 4, 5, 6], weight.Initializer!.Span<float>().ToArray());
    }

    [Fact]
    public void ApplyTo_InputsOfOfficialGraphs_BecomeConstants()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", null);
        Value weight = graph.AddInput("fc.weight", new TensorType(ElementType.Float32, new Shape(2, 3)));
        Value bias = graph.AddInput("fc.bias", new TensorType(ElementType.Float32, new Shape("C")));
        Value kernel = graph.AddInput("conv.weight", null);
        Assert.Equal(3, Sample().ApplyTo(new OnnxModel(graph, 18)));
        Assert.Equal([x], graph.Inputs);
        Assert.All([weight, bias, kernel], v => Assert.True(v.IsConstant));
        Assert.Equal([-1f, 1], bias.Initializer!.Span<float>().ToArray());
    }

    [Fact]
    public void ApplyTo_ComputedValueOrOtherShape_IsNamed()
    {
        var graph = new OnnxGraph("g");
        graph.AddInput("fc.weight", new TensorType(ElementType.Float32, new Shape("N", 4)));
        graph.AddNode("Relu", [graph.AddInput("conv.weight", null)], ["fc.bias"]);
        string message = Assert.Throws<InvalidModelException>(() => Sample().ApplyTo(new OnnxModel(graph, 18))).Message;
        Assert.Contains("'fc.weight' is Float32[N,4]", message, StringComparison.Ordinal);
        Assert.Contains("'fc.bias' is no initializer or input", message, StringComparison.Ordinal);
        Assert.DoesNotContain("'conv.weight'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Nominal_TakesItsParametersFromTheModel()
    {
        OfficialCheckpoint nominal = OfficialCheckpoint.Read((Sample() with { IsNominal = true }).ToBytes(), "nominal");
        Assert.True(nominal.IsNominal);
        Assert.Equal(Sample().Trainable.Keys, nominal.Trainable.Keys);
        Assert.All(nominal.Trainable.Values, t => Assert.Equal(0, t.Count));
        var graph = new OnnxGraph("g");
        Assert.Throws<InvalidOperationException>(() => nominal.ApplyTo(new OnnxModel(graph, 18)));
        foreach ((string name, Tensor tensor) in Sample().Trainable.Concat(Sample().Frozen))
            graph.AddInitializer(name, tensor);
        OfficialCheckpoint complete = nominal.WithParametersOf(new OnnxModel(graph, 18));
        Assert.Equal(Sample().ToBytes(), complete.ToBytes());
        graph.Remove(graph.Find("fc.bias")!);
        Assert.Contains("'fc.bias'", Assert.Throws<InvalidModelException>(() => nominal.WithParametersOf(new OnnxModel(graph, 18))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Version1_IsReadAndVersion3IsNot()
    {
        Assert.Equal(Sample().ToBytes(), OfficialCheckpoint.Read(OfficialBytes.Version(Sample(), 1), "v1").ToBytes());
        Assert.Contains("version 3", Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(OfficialBytes.Version(Sample(), 3), "v3")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DataInAnotherFile_TakesThemFromBeside()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("checkpoint");
        (byte[] checkpoint, byte[] data) = OfficialBytes.External(Sample());
        File.WriteAllBytes(path, checkpoint);
        Assert.Contains("checkpoint.data", Assert.Throws<FileNotFoundException>(() => OfficialCheckpoint.Read(path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(path + ".data", data);
        OfficialCheckpoint read = OfficialCheckpoint.Read(path);
        Assert.Equal((Sample() with { OptimizerGroups = [], Properties = read.Properties }).ToBytes(), read.ToBytes());
        File.WriteAllBytes(path + ".data", data[..^1]);
        Assert.Contains("beyond the end", Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(path)).Message, StringComparison.Ordinal);
        Assert.Contains("another file", Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(checkpoint, "bytes")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Folder_IsTheSameCheckpoint()
    {
        using var folder = new TemporaryFolder();
        OfficialBytes.WriteFolder(Sample(), folder.Path);
        Assert.Equal(Sample().ToBytes(), OfficialCheckpoint.Read(folder.Path).ToBytes());
        foreach (string optional in (string[])["paramfrozen_tensors.pbseq", "optim_group0_properties.pbseq", "custom_properties.pbseq"])
            File.Delete(folder.File(optional));
        Assert.Equal((Sample() with { Frozen = Sample().Frozen.Clear(), OptimizerGroups = [], Properties = Sample().Properties.Clear() }).ToBytes(), OfficialCheckpoint.Read(folder.Path).ToBytes());
        File.Delete(folder.File("paramtrain_tensors.pbseq"));
        Assert.Contains("paramtrain_tensors.pbseq", Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedFolder_OnlyInvalidArtifact()
    {
        using var folder = new TemporaryFolder();
        OfficialBytes.WriteFolder(Sample(), folder.Path);
        int refused = 0;
        foreach (string path in Directory.GetFiles(folder.Path))
        {
            byte[] sound = File.ReadAllBytes(path);
            for (int seed = 0; seed < 400; seed++)
            {
                File.WriteAllBytes(path, ByteDamage.Of(sound, seed));
                try
                {
                    OfficialCheckpoint.Read(folder.Path);
                }
                catch (InvalidArtifactException error)
                {
                    Assert.StartsWith(folder.Path, error.File, StringComparison.Ordinal);
                    refused++;
                }
            }

            File.WriteAllBytes(path, sound);
        }

        Assert.InRange(refused, 800, 2399);
    }

    [Fact]
    public void Read_TrainableAndFrozenAtOnce_IsRefused()
    {
        OfficialCheckpoint both = Sample() with { Frozen = Sample().Trainable };
        Assert.Contains("both trainable and frozen", Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(both.ToBytes(), "both")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ApplyTo_OtherModel_NamesEveryMismatchAndChangesNothing()
    {
        var graph = new OnnxGraph("g");
        Value weight = graph.AddInitializer("fc.weight", Tensor.Of<float>([3, 2], new float[6]));
        InvalidModelException error = Assert.Throws<InvalidModelException>(() => Sample().ApplyTo(new OnnxModel(graph, 18)));
        Assert.Contains("'fc.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'fc.bias'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'conv.weight'", error.Message, StringComparison.Ordinal);
        Assert.All(weight.Initializer!.Span<float>().ToArray(), v => Assert.Equal(0, v));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(100)]
    public void Read_CutShort_NamesTheFile(int length)
    {
        InvalidArtifactException error = Assert.Throws<InvalidArtifactException>(() => OfficialCheckpoint.Read(Sample().ToBytes().AsMemory(0, length), "cut.ckpt"));
        Assert.Equal("cut.ckpt", error.File);
        Assert.Contains("'cut.ckpt'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyDamage_OnlyInvalidArtifactWithinBoundedMemory()
    {
        byte[] good = Sample().ToBytes();
        Gen.Select(Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 6], Gen.Int[good.Length / 2, good.Length]).Sample(
            t =>
            {
                byte[] bad = good[..t.Item2];
                foreach ((int at, byte value) in t.Item1)
                    bad[at % bad.Length] = value;
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    OfficialCheckpoint.Read(bad, "hostile");
                }
                catch (InvalidArtifactException)
                {
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            },
            iter: 20000);
    }

    private static OfficialCheckpoint Sample() => new()
    {
        Trainable = ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
            .Add("fc.weight", Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6]))
            .Add("fc.bias", Tensor.Vector(-1f, 1f)),
        Frozen = ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
            .Add("conv.weight", Tensor.Of<float>([1, 1, 2, 2], [0.5f, 0, 0, 0.5f])),
        OptimizerGroups =
        [
            new(
                "group0",
                17,
                0.25f,
                ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, Tensor>>(StringComparer.Ordinal)
                    .Add("fc.weight", ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)
                        .Add("momentum0", Tensor.Of<float>([2, 3], [1, 1, 1, 1, 1, 1]))
                        .Add("momentum1", Tensor.Of<float>([2, 3], [2, 2, 2, 2, 2, 2])))),
        ],
        Properties = ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal)
            .Add("epoch", 3L)
            .Add("best_score", 0.75f)
            .Add("note", "naïve"),
    };
}
