using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Serialization;

[Trait("Category", "Fault")]
public sealed class ExternalDataTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("autlearn").FullName;
    private readonly string _folder;

    public ExternalDataTests()
    {
        _folder = Path.Combine(_outside, "model");
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File.WriteAllBytes(Path.Combine(_outside, "secret"), new byte[64]);
        File.WriteAllBytes(Path.Combine(_folder, "data"), [.. Enumerable.Range(0, 64).Select(i => (byte)i)]);
        File.WriteAllBytes(Path.Combine(_folder, "sub", "data"), new byte[64]);
    }

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    [Theory]
    [InlineData("data")]
    [InlineData("./data")]
    [InlineData("sub/data")]
    [InlineData("sub\\data")]
    public void Read_LocationInTheFolder_Reads(string location) =>
        Assert.Equal(16, Read(("location", location)).Graph.Initializers[0].Initializer!.Bytes.Length);

    [Fact]
    public void Read_OffsetAndLength_ReadsTheRegion() =>
        Assert.Equal(48, Read(("location", "data"), ("offset", "48"), ("length", "16")).Graph.Initializers[0].Initializer!.Bytes.Span[0]);

    [Theory]
    [InlineData("../secret")]
    [InlineData("sub/../../secret")]
    [InlineData("sub/..")]
    [InlineData("..\\secret")]
    [InlineData("/etc/hostname")]
    [InlineData("\\\\server\\share")]
    [InlineData("C:\\secret")]
    [InlineData("file:///etc/hostname")]
    [InlineData("data\0x")]
    [InlineData("")]
    [InlineData("sub")]
    [InlineData("absent")]
    public void Read_LocationElsewhere_IsRefused(string location) => AssertRefused(("location", location));

    [Fact]
    public void Read_LinksThatLeadOutside_AreRefused()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), Path.Combine(_outside, "secret"));
        File.CreateSymbolicLink(Path.Combine(_folder, "relative"), "../secret");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "up"), _outside);
        File.CreateSymbolicLink(Path.Combine(_folder, "circle"), Path.Combine(_folder, "circle"));
        AssertRefused(("location", "link"));
        AssertRefused(("location", "relative"));
        AssertRefused(("location", "up/secret"));
        AssertRefused(("location", "circle"));
        File.CreateSymbolicLink(Path.Combine(_folder, "through"), "up/secret");
        AssertRefused(("location", "through"));
        File.CreateSymbolicLink(Path.Combine(_folder, "inside"), Path.Combine(_folder, "data"));
        Read(("location", "inside"));
    }

    [Fact]
    public void Read_LinksWithinAHubsCache_LeadAnywhereInItAndNoFurther()
    {
        // models--name/blobs holds every file under its hash, snapshots/revision the links.
        string cache = Path.Combine(_outside, "hub"), snapshot = Path.Combine(cache, "snapshots", "r"), blobs = Path.Combine(cache, "blobs");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(blobs);
        string model = Path.Combine(snapshot, "model.onnx");
        OnnxModel written = SampleModels.All.Values.First()();
        OnnxFile.Write(written, model, new OnnxWriteOptions { ExternalDataThresholdInBytes = 1, ExternalDataFileName = "model.data" });
        Move("model.onnx", "aaa");
        Move("model.data", "bbb");
        Assert.Contains("within which folder links may lead", Assert.Throws<InvalidModelException>(() => OnnxFile.Read(model)).Message, StringComparison.Ordinal);
        Assert.Equal(OnnxFile.ToBytes(written), OnnxFile.ToBytes(OnnxFile.Read(model, cache)));
        Assert.Contains("leads outside", Assert.Throws<InvalidModelException>(() => OnnxFile.Read(model, snapshot)).Message, StringComparison.Ordinal);

        File.Move(Path.Combine(blobs, "bbb"), Path.Combine(_outside, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(blobs, "bbb"), "../../elsewhere");
        Assert.Contains("leads outside", Assert.Throws<InvalidModelException>(() => OnnxFile.Read(model, cache)).Message, StringComparison.Ordinal);

        void Move(string name, string blob)
        {
            File.Move(Path.Combine(snapshot, name), Path.Combine(blobs, blob));
            File.CreateSymbolicLink(Path.Combine(snapshot, name), $"../../blobs/{blob}");
        }
    }

    [Theory]
    [InlineData("offset", "49")]
    [InlineData("offset", "-1")]
    [InlineData("offset", "9223372036854775807")]
    [InlineData("offset", "99999999999999999999")]
    [InlineData("offset", "0x10")]
    [InlineData("length", "15")]
    [InlineData("length", "9223372036854775807")]
    [InlineData("length", "")]
    [InlineData("checksum", "00")]
    public void Read_RegionThatDoesNotFit_IsRefused(string key, string value) => AssertRefused(("location", "data"), (key, value));

    [Fact]
    public void Read_HugeTensorInASmallFile_IsRefusedWithoutAllocating()
    {
        ModelProto proto = Model(("location", "data"));
        proto.Graph.Initializer[0].Dims[0] = 1L << 40;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidModelException>(() => OnnxFile.Read(proto.ToByteArray(), "m", _folder));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_WithoutAFolder_IsRefused() =>
        Assert.Throws<InvalidModelException>(() => OnnxFile.Read(Model(("location", "data")).ToByteArray(), "m"));

    [Fact]
    public void Read_OverlappingRegions_AreRefusedAndEqualOnesShared()
    {
        ModelProto proto = Model(("location", "data"));
        TensorProto second = proto.Graph.Initializer[0].Clone();
        second.Name = "w2";
        proto.Graph.Initializer.Add(second);
        OnnxModel model = OnnxFile.Read(proto.ToByteArray(), "m", _folder);
        Assert.True(model.Graph.Initializers[0].Initializer!.Bytes.Equals(model.Graph.Initializers[1].Initializer!.Bytes));

        second.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "8" });
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(proto.ToByteArray(), "m", _folder));
        Assert.Contains("overlap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OneFileByManyPaths_ReadsItOnce()
    {
        const int Size = 4 << 20;
        File.WriteAllBytes(Path.Combine(_folder, "large"), new byte[Size]);
        File.CreateSymbolicLink(Path.Combine(_folder, "alias"), Path.Combine(_folder, "large"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "linked"), Path.Combine(_folder, "sub"));
        File.CreateSymbolicLink(Path.Combine(_folder, "sub", "back"), "../alias");
        File.CreateSymbolicLink(Path.Combine(_folder, "through"), "linked/back");
        string[] paths = ["large", "./large", ".//.\\large", "alias", "sub/back", "linked/back", "through", "large/"];
        ModelProto proto = Model(("location", paths[0]));
        proto.Graph.Initializer[0].Dims[0] = Size / 4;
        foreach (string path in paths.Skip(1))
        {
            TensorProto alias = proto.Graph.Initializer[0].Clone();
            alias.Name = $"w{path}";
            alias.ExternalData[0].Value = path;
            proto.Graph.Initializer.Add(alias);
        }

        byte[] bytes = proto.ToByteArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxModel model = OnnxFile.Read(bytes, "m", _folder);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Size, Size + (1 << 20));
        Assert.All(model.Graph.Initializers, i => Assert.True(i.Initializer!.Bytes.Equals(model.Graph.Initializers[0].Initializer!.Bytes)));

        // Another part of the file under another path is an overlap as well.
        proto.Graph.Initializer[1].Dims[0] = (Size / 4) - 1;
        proto.Graph.Initializer[1].ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "4" });
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(proto.ToByteArray(), "m", _folder));
        Assert.Contains("overlap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_External_ReadsBackAndNoticesDamage()
    {
        OnnxModel model = SampleModels.EveryElementType();
        string path = Path.Combine(_folder, "m.onnx");
        OnnxFile.Write(model, path, new OnnxWriteOptions { ExternalDataThresholdInBytes = 8 });
        ModelComparison.AssertEqual(model, OnnxFile.Read(path));
        byte[] first = File.ReadAllBytes(path + ".data");
        OnnxFile.Write(model, path, new OnnxWriteOptions { ExternalDataThresholdInBytes = 8 });
        Assert.Equal(first, File.ReadAllBytes(path + ".data"));
        using (var session = new InferenceSession(path))
            Assert.Single(session.OutputMetadata);

        first[^1] ^= 1;
        File.WriteAllBytes(path + ".data", first);
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(path));
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
        Assert.Equal(path, error.File);
    }

    [Fact]
    public void Write_OverAnExistingFile_ReplacesItAndLeavesNothingElse()
    {
        string path = Path.Combine(_folder, "m.onnx");
        File.WriteAllText(path, "old");
        OnnxFile.Write(SampleModels.If(), path);
        ModelComparison.AssertEqual(SampleModels.If(), OnnxFile.Read(path));
        Assert.Equal(["data", "m.onnx"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Write_IntoAMissingFolder_LeavesNothingAndThrows() =>
        Assert.Throws<DirectoryNotFoundException>(() => OnnxFile.Write(SampleModels.If(), Path.Combine(_folder, "absent", "m.onnx")));

    [Theory]
    [InlineData("../m.data")]
    [InlineData("")]
    [InlineData("..")]
    public void Write_ExternalFileElsewhere_IsRefused(string name) =>
        Assert.Throws<ArgumentException>(() =>
            OnnxFile.Write(SampleModels.If(), Path.Combine(_folder, "m.onnx"), new OnnxWriteOptions { ExternalDataThresholdInBytes = 1, ExternalDataFileName = name }));

    private void AssertRefused(params (string Key, string Value)[] entries)
    {
        var error = Assert.Throws<InvalidModelException>(() => Read(entries));
        Assert.Equal("m.onnx", error.File);
        Assert.Contains("'w'", error.Message, StringComparison.Ordinal);
    }

    private OnnxModel Read(params (string Key, string Value)[] entries) => OnnxFile.Read(Model(entries).ToByteArray(), "m.onnx", _folder);

    private static ModelProto Model(params (string Key, string Value)[] entries)
    {
        var tensor = new TensorProto { Name = "w", DataType = 1, DataLocation = 1 };
        tensor.Dims.Add(4);
        foreach ((string key, string value) in entries)
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        var model = new ModelProto { IrVersion = 8, Graph = new GraphProto { Name = "g" } };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = 13 });
        model.Graph.Initializer.Add(tensor);
        return model;
    }
}
