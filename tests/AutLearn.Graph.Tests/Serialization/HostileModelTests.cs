using System.Diagnostics;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Tests.Serialization;

[Trait("Category", "Fault")]
public sealed class HostileModelTests
{
    public static TheoryData<string> Samples => [.. SampleModels.All.Keys];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Read_CutAnywhere_IsRefusedOrStillAModel(string sample)
    {
        byte[] bytes = OnnxFile.ToBytes(SampleModels.All[sample]());
        int refused = 0;
        for (int length = 0; length < bytes.Length; length++)
        {
            try
            {
                OnnxFile.Read(bytes.AsMemory(0, length), "cut.onnx");
            }
            catch (InvalidModelException e)
            {
                Assert.Equal("cut.onnx", e.File);
                refused++;
            }
        }

        // Only cuts between the last fields of the model itself leave a model.
        Assert.InRange(refused, bytes.Length - 8, bytes.Length);
    }

    [Theory]
    [InlineData(new long[] { 4 }, "takes 16 bytes but holds 0")]
    [InlineData(new long[] { -1 }, "negative size")]
    [InlineData(new long[] { 1L << 40, 1L << 40 }, "more elements")]
    [InlineData(new long[] { 0, 1L << 40, 1L << 40 }, "more elements")]
    [InlineData(new long[] { long.MaxValue }, "more elements")]
    [InlineData(new long[] { 1L << 50 }, "but holds 0")]
    public void Read_SizesWithoutData_IsRefused(long[] sizes, string expected) => AssertRefused(expected, p =>
    {
        var tensor = new TensorProto { Name = "w", DataType = 1 };
        tensor.Dims.Add(sizes);
        p.Graph.Initializer.Add(tensor);
    });

    [Fact]
    public void Read_DataInTwoPlaces_IsRefused() => AssertRefused("more than one place", p =>
    {
        var tensor = new TensorProto { Name = "w", DataType = 1, RawData = ByteString.CopyFrom(0, 0, 0, 0) };
        tensor.FloatData.Add(1);
        p.Graph.Initializer.Add(tensor);
    });

    [Fact]
    public void Read_ValueTooLargeForItsType_IsRefused() => AssertRefused("does not fit", p =>
    {
        var tensor = new TensorProto { Name = "w", DataType = (int)ElementType.UInt8 };
        tensor.Dims.Add(1);
        tensor.Int32Data.Add(256);
        p.Graph.Initializer.Add(tensor);
    });

    [Fact]
    public void Read_UnknownElementType_IsRefused() => AssertRefused("element type 99", p =>
        p.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 99 }));

    [Fact]
    public void Read_InputTwice_IsRefused() => AssertRefused("'x' is defined twice", p => p.Graph.Input.Add(p.Graph.Input[1].Clone()));

    [Fact]
    public void Read_InitializerTwice_IsRefused() => AssertRefused("'w' is defined twice", p =>
    {
        for (int i = 0; i < 2; i++)
            p.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, RawData = ByteString.CopyFrom(0, 0, 0, 0) });
    });

    [Fact]
    public void Read_OutputOfTwoNodes_NamesTheSecond() => AssertRefused("'y' is already", "second", p =>
        p.Graph.Node.Add(Node("second", "Relu", "x", "y")));

    [Fact]
    public void Read_MissingInput_NamesTheNode() => AssertRefused("'nowhere'", "n", p => p.Graph.Node.Add(Node("n", "Relu", "nowhere", "z")));

    [Fact]
    public void Read_MissingOutput_IsRefused() => AssertRefused("'nowhere'", p => p.Graph.Output.Add(new ValueInfoProto { Name = "nowhere" }));

    [Fact]
    public void Read_Cycle_NamesANodeOfIt() => AssertRefused("cycle", "a", p =>
    {
        p.Graph.Node.Add(Node("a", "Relu", "q", "p"));
        p.Graph.Node.Add(Node("b", "Relu", "p", "q"));
    });

    [Fact]
    public void Read_NodeThatItsOwnSubgraphReads_IsACycle() => AssertRefused("cycle", p =>
        p.Graph.Node[0].Attribute[0].G.Node[0].Input[0] = "y");

    [Fact]
    public void Read_NulInANameOfAValue_IsRefused() => AssertRefused("NUL", "n", p => p.Graph.Node.Add(Node("n", "Relu", "x", "z\0z")));

    [Fact]
    public void Read_AttributeTwice_IsRefused() => AssertRefused("given twice", p => p.Graph.Node[0].Attribute.Add(p.Graph.Node[0].Attribute[0].Clone()));

    [Fact]
    public void Read_AttributeOfTwoKinds_IsRefused() => AssertRefused("more than one kind", p => p.Graph.Node[0].Attribute[0].I = 3);

    [Fact]
    public void Read_SparseInitializer_IsRefusedClearly() => AssertRefused("sparse", p => p.Graph.SparseInitializer.Add(ByteString.Empty));

    [Fact]
    public void Read_SegmentedTensor_IsRefusedClearly() => AssertRefused("segments", p =>
        p.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Segment = ByteString.Empty }));

    [Fact]
    public void Read_OpsetTwiceAtTwoVersions_IsRefused() => AssertRefused("twice", p => p.OpsetImport.Add(new OperatorSetIdProto { Domain = p.OpsetImport[0].Domain, Version = p.OpsetImport[0].Version - 1 }));

    [Theory]
    [InlineData(new byte[] { 0x1C, 0, 0, 0, 0x4F, 0x52, 0x54, 0x4D, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x10, 0x02, 0, 0, 0x4F, 0x52, 0x54, 0x4D })]
    public void Read_OrtFormat_SaysWhatToGive(byte[] bytes) => AssertRefused(bytes, "ORT format");

    [Fact]
    public void Read_ProducerCalledAsOrtFormat_IsAModel()
    {
        byte[] bytes = [0x08, 0x08, 0x12, 0x09, .. "ORTModule"u8, .. OnnxFile.ToBytes(SampleModels.All.Values.First()())];
        Assert.NotEmpty(OnnxFile.Read(bytes, "m.onnx").Graph.Nodes);
    }

    [Fact]
    public void Read_LongNames_AreShortenedInTheMessage()
    {
        InvalidModelException error = AssertRefused("...", p => p.Graph.Node.Add(Node("n", "Relu", new string('a', 1 << 20), "z")));
        Assert.InRange(error.Message.Length, 10, 500);
    }

    [Fact]
    public void Read_DeeplyNestedSubgraphs_IsRefused()
    {
        // A thousand levels of 30 bytes each: far beyond the stack of a parser that follows them.
        byte[] graph = [];
        for (int i = 0; i < 1000; i++)
        {
            byte[] attribute = [0x0A, 0x01, 0x67, .. Field(6, graph)];
            graph = Field(1, Field(5, attribute));
        }

        AssertRefused(Field(7, graph), "nest deeper");
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 0x00 })]
    [InlineData(new byte[] { 0x2A, 0x00 })]
    [InlineData(new byte[] { 0x6A, 0x00 })]
    public void Read_MillionsOfEmptyMessages_IsRefusedWithoutBuildingThem(byte[] message)
    {
        byte[] graph = new byte[20_000_000];
        for (int i = 0; i < graph.Length; i += 2)
            message.CopyTo(graph, i);
        byte[] bytes = Field(7, graph);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(bytes, "far more objects");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_LengthBeyondTheFile_IsRefusedWithoutAllocating()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00], "truncated");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0x50, 0x4B, 0x03, 0x04, 0x14 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x0B, 0x0B, 0x0B })]
    public void Read_NoModel_IsRefused(byte[] bytes) => AssertRefused(bytes, "Model 'm.onnx'");

    [Fact]
    public void Read_ManyNodesThatCaptureOneValue_TakesLinearTime()
    {
        // Sorting must find the node that holds a subgraph without a search.
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.If()));
        NodeProto model = proto.Graph.Node[0];
        for (int i = 0; i < 5000; i++)
        {
            NodeProto copy = model.Clone();
            copy.Output[0] = $"y{i}";
            proto.Graph.Node.Insert(0, copy);
            copy.Attribute[0].G.Node[0].Input[0] = i == 0 ? "x" : $"y{i - 1}";
        }

        var watch = Stopwatch.StartNew();
        OnnxModel sorted = OnnxFile.Read(proto.ToByteArray(), "m");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal("y0", sorted.Graph.Nodes[0].Output(0)!.Name == "y" ? sorted.Graph.Nodes[1].Output(0)!.Name : sorted.Graph.Nodes[0].Output(0)!.Name);
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        var writer = new CodedOutputStream(stream);
        writer.WriteTag(number, WireFormat.WireType.LengthDelimited);
        writer.WriteBytes(UnsafeByteOperations.UnsafeWrap(content));
        writer.Flush();
        return stream.ToArray();
    }

    private static NodeProto Node(string name, string op, string input, string output)
    {
        var node = new NodeProto { Name = name, OpType = op };
        node.Input.Add(input);
        node.Output.Add(output);
        return node;
    }

    private static InvalidModelException AssertRefused(string expected, Action<ModelProto> damage)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.If()));
        damage(proto);
        return AssertRefused(proto.ToByteArray(), expected);
    }

    private static void AssertRefused(string expected, string node, Action<ModelProto> damage) => Assert.Equal(node, AssertRefused(expected, damage).NodeName);

    private static InvalidModelException AssertRefused(byte[] bytes, string expected)
    {
        var error = Assert.Throws<InvalidModelException>(() => OnnxFile.Read(bytes, "m.onnx"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal("m.onnx", error.File);
        return error;
    }
}
