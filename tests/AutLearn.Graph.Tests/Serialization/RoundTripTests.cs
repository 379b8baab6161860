using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Serialization;

[Trait("Category", "Unit")]
public sealed class RoundTripTests
{
    public static TheoryData<string> Samples => [.. SampleModels.All.Keys];

    [Theory]
    [MemberData(nameof(Samples))]
    public void WriteThenRead_Sample_GivesTheSameModelAndBytes(string sample)
    {
        OnnxModel model = SampleModels.All[sample]();
        byte[] bytes = OnnxFile.ToBytes(model);
        OnnxModel again = OnnxFile.Read(bytes, sample);
        ModelComparison.AssertEqual(model, again);
        Assert.Equal(bytes, OnnxFile.ToBytes(again));
        using var stream = new MemoryStream(bytes);
        Assert.Equal(bytes, OnnxFile.ToBytes(OnnxFile.Read(stream, sample)));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Clone_Sample_IsEqualAndIndependent(string sample)
    {
        OnnxModel model = SampleModels.All[sample]();
        byte[] before = OnnxFile.ToBytes(model);
        OnnxModel copy = model.Clone();
        ModelComparison.AssertEqual(model, copy);
        Assert.Equal(before, OnnxFile.ToBytes(copy));

        copy.Graph.Rename(copy.Graph.Inputs[^1], "renamed");
        copy.Graph.Name = "other";
        foreach (OnnxGraph subgraph in copy.Graph.Nodes.SelectMany(n => n.Subgraphs()))
            subgraph.Name = "other";
        Assert.Equal(before, OnnxFile.ToBytes(model));
    }

    [Theory]
    [InlineData("if")]
    [InlineData("loop")]
    [InlineData("scan")]
    [InlineData("functions")]
    [InlineData("tensors")]
    [InlineData("extras")]
    public void ToBytes_Sample_LoadsInOnnxRuntime(string sample)
    {
        OnnxModel model = SampleModels.All[sample]();
        byte[] full = OnnxFile.ToBytes(model), compact = OnnxFile.ToBytes(model, new OnnxWriteOptions { IsCompact = true });
        Assert.True(compact.Length <= full.Length);
        foreach (byte[] bytes in (byte[][])[full, compact])
        {
            using var session = new InferenceSession(bytes);
            Assert.Equal(model.Graph.Outputs.Select(o => o.Name), session.OutputMetadata.Keys);
        }
    }

    [Fact]
    public void ToBytes_Compact_ShortensWhatLiesInsideAndKeepsTheRest()
    {
        var graph = new OnnxGraph("g");
        var row = new TensorType(ElementType.Float32, new Shape("N", 3));
        Value x = graph.AddInput("_0", row);
        Value inner = graph.AddNode("Exp", [x], ["a name that nobody looks up"], name: "a node").Outputs[0]!;
        inner.Type = row;
        Value y = graph.AddNode("Mul", [inner, graph.AddInitializer("scale", Tensor.Scalar(2f))], ["y"]).Outputs[0]!;
        y.Type = row;
        graph.AddOutput(y);
        OnnxGraph read = OnnxFile.Read(OnnxFile.ToBytes(new OnnxModel(graph, 18), new OnnxWriteOptions { IsCompact = true }), "g").Graph;
        Assert.Equal("a node", read.Nodes[0].Name);
        Assert.Equal("_1", read.Nodes[0].Outputs[0]!.Name);
        Assert.Null(read.Nodes[0].Outputs[0]!.Type);
        Assert.Equal(["_1", "scale"], read.Nodes[1].Inputs.Select(i => i!.Name));
        Assert.Equal(row, read.Outputs[0].Type);
    }

    [Fact]
    public void Read_Extras_KeepsEveryFieldOfTheFile()
    {
        byte[] bytes = OnnxFile.ToBytes(SampleModels.Extras());
        ModelProto proto = ModelProto.Parser.ParseFrom(bytes);
        Assert.Single(proto.TrainingInfo);
        Assert.Single(proto.Configuration);
        Assert.Single(proto.Graph.QuantizationAnnotation);
        Assert.Single(proto.Graph.MetadataProps);
        Assert.Single(proto.Graph.Node[0].MetadataProps);
        Assert.Single(proto.Graph.Node[0].DeviceConfigurations);
        Assert.Equal("attribute", proto.Graph.Node[0].Attribute[0].DocString);
        Assert.Equal("tensor", proto.Graph.Node[0].Attribute[0].G.Initializer[0].DocString);
        Assert.Equal("input", proto.Graph.Input[1].DocString);
        Assert.Equal("TENSOR", proto.Graph.Input[1].Type.Denotation);
        Assert.Equal("DATA_BATCH", proto.Graph.Input[1].Type.TensorType.Shape.Dim[0].Denotation);
        Assert.Equal("N", proto.Graph.Input[1].Type.TensorType.Shape.Dim[0].DimParam);
        Assert.Single(proto.Graph.Output[0].MetadataProps);
        Assert.Equal(6, proto.Graph.Input[2].Type.SequenceType.Length);
        Assert.True(bytes.AsSpan().IndexOf("future"u8) > 0);
        Assert.True(proto.HasDocString);
    }

    [Fact]
    public void Read_TypedDataFields_GivesTheSameTensorsAsRawBytes()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.EveryElementType()));
        foreach (TensorProto tensor in proto.Graph.Initializer)
        {
            if (tensor.DataType != (int)ElementType.String)
                Retype(tensor);
        }

        ModelComparison.AssertEqual(SampleModels.EveryElementType(), OnnxFile.Read(proto.ToByteArray(), "typed"));
    }

    [Fact]
    public void Read_EmptyTypeOfAValue_IsNoTypeAndNotKept()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.Scan()));
        proto.Graph.ValueInfo[0].Type = new TypeProto();
        OnnxModel model = OnnxFile.Read(proto.ToByteArray(), "m");
        Assert.Null(model.Graph.Find("last")!.Type);
        ModelComparison.AssertEqual(model, OnnxFile.Read(OnnxFile.ToBytes(model), "m"));
    }

    [Fact]
    public void Read_NodesOutOfOrder_SortsThem()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.Scan()));
        GraphProto body = proto.Graph.Node[0].Attribute[0].G;
        NodeProto[] reversed = [.. body.Node.Reverse()];
        body.Node.Clear();
        body.Node.Add(reversed);
        OnnxModel model = OnnxFile.Read(proto.ToByteArray(), "m");
        Assert.Equal(["Mul", "Add", "Identity"], model.Graph.Nodes[0].Attributes["body"].Graph.Nodes.Select(n => n.OpType));
    }

    [Fact]
    public void Read_DefaultDomainByItsLongName_IsTheEmptyDomain()
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(SampleModels.Loop()));
        proto.OpsetImport[0].Domain = "ai.onnx";
        proto.Graph.Node[0].Domain = "ai.onnx";
        OnnxModel model = OnnxFile.Read(proto.ToByteArray(), "m");
        Assert.Equal(13, model.Opset);
        Assert.True(model.Graph.Nodes[0].Is("Loop"));
    }

    private static void Retype(TensorProto tensor)
    {
        byte[] raw = tensor.RawData.ToByteArray();
        tensor.ClearRawData();
        var type = (ElementType)tensor.DataType;
        switch (type)
        {
            case ElementType.Float32 or ElementType.Complex64:
                tensor.FloatData.Add(Split(raw, 4, BitConverter.ToSingle));
                break;
            case ElementType.Float64 or ElementType.Complex128:
                tensor.DoubleData.Add(Split(raw, 8, BitConverter.ToDouble));
                break;
            case ElementType.Int64:
                tensor.Int64Data.Add(Split(raw, 8, BitConverter.ToInt64));
                break;
            case ElementType.UInt64:
                tensor.Uint64Data.Add(Split(raw, 8, BitConverter.ToUInt64));
                break;
            case ElementType.UInt32:
                tensor.Uint64Data.Add(Split(raw, 4, (b, i) => (ulong)BitConverter.ToUInt32(b, i)));
                break;
            case ElementType.Int32:
                tensor.Int32Data.Add(Split(raw, 4, BitConverter.ToInt32));
                break;
            case ElementType.Int16:
                tensor.Int32Data.Add(Split(raw, 2, (b, i) => (int)BitConverter.ToInt16(b, i)));
                break;
            case ElementType.Int8:
                tensor.Int32Data.Add(raw.Select(b => (int)unchecked((sbyte)b)));
                break;
            case var _ when type.SizeInBits() == 16:
                tensor.Int32Data.Add(Split(raw, 2, (b, i) => (int)BitConverter.ToUInt16(b, i)));
                break;
            default:
                tensor.Int32Data.Add(raw.Select(b => (int)b));
                break;
        }
    }

    private static IEnumerable<T> Split<T>(byte[] raw, int size, Func<byte[], int, T> read) =>
        Enumerable.Range(0, raw.Length / size).Select(i => read(raw, i * size));
}
