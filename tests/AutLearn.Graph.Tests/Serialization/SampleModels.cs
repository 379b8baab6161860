using System.Collections.Immutable;
using System.Text;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>Small models that together use every part of the format.</summary>
internal static class SampleModels
{
    private static readonly TensorType Row = new(ElementType.Float32, new Shape("N", 3));

    /// <summary>Gets the models by name.</summary>
    public static IReadOnlyDictionary<string, Func<OnnxModel>> All { get; } = new Dictionary<string, Func<OnnxModel>>
    {
        ["tensors"] = EveryElementType,
        ["attributes"] = EveryAttribute,
        ["if"] = If,
        ["loop"] = Loop,
        ["scan"] = Scan,
        ["functions"] = Functions,
        ["extras"] = Extras,
    };

    public static OnnxModel EveryElementType()
    {
        var graph = new OnnxGraph("tensors") { DocString = "all types" };
        var random = new Random(3);
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            if (type is ElementType.Undefined or ElementType.String)
                continue;
            byte[] bytes = new byte[type.SizeInBytes(5)];
            random.NextBytes(bytes);
            if (type == ElementType.Bool)
                bytes.AsSpan().Fill(1);
            graph.AddInitializer($"w_{type}", new Tensor(type, [5], bytes));
        }

        graph.AddInitializer("w_String", Tensor.OfStrings([2, 1], ["", "größe"]));
        graph.AddInitializer("scalar", Tensor.Scalar(1.5f));
        graph.AddInitializer("empty", Tensor.Of<float>([0, 7], []));
        Value x = graph.AddInput("x", Row);
        graph.SetInitializer(x, Tensor.Of<float>([1, 3], [1, 2, 3]));
        x.Type = Row;
        Finish(graph, graph.AddNode("Relu", [x], ["y"]));
        return new OnnxModel(graph, 21) { IrVersion = 10 };
    }

    public static OnnxModel EveryAttribute()
    {
        var graph = new OnnxGraph("attributes");
        Value x = graph.AddInput("x", Row);
        Node node = graph.AddNode("Anything", [x, null, x], ["y", "", "z"], new Dictionary<string, AttributeValue>
        {
            ["f"] = AttributeValue.Of(float.NaN),
            ["i"] = AttributeValue.Of(long.MinValue),
            ["s"] = AttributeValue.Of("text\u0001"),
            ["t"] = AttributeValue.Of(Tensor.Vector(1L, 2L)),
            ["fs"] = AttributeValue.Of(1f, -0f),
            ["is"] = AttributeValue.Of(1L, -1L, long.MaxValue),
            ["ss"] = AttributeValue.Of("a", ""),
            ["ts"] = AttributeValue.Of([Tensor.Scalar(1), Tensor.Scalar(2.0)]),
            ["no_ints"] = AttributeValue.Of(ReadOnlySpan<long>.Empty),
            ["sparse"] = AttributeValue.OfEncoded(AttributeKind.SparseTensor, [new byte[] { 0x18, 0x04 }]),
            ["sparses"] = AttributeValue.OfEncoded(AttributeKind.SparseTensors, [new byte[] { 0x18, 0x04 }, Array.Empty<byte>()]),
            ["type"] = AttributeValue.OfEncoded(AttributeKind.TypeProto, [new byte[] { 0x0A, 0x02, 0x08, 0x01 }]),
            ["types"] = AttributeValue.OfEncoded(AttributeKind.TypeProtos, [new byte[] { 0x0A, 0x02, 0x08, 0x01 }]),
            ["graphs"] = AttributeValue.Of([Constant(graph, "g1"), Constant(graph, "g2")]),
        }, "custom.domain", "n");
        Finish(graph, node);
        return new OnnxModel(graph, 13) { OpsetImports = Imports(13).Add("custom.domain", 1) };
    }

    public static OnnxModel If()
    {
        var graph = new OnnxGraph("if");
        Value condition = graph.AddInput("condition", new(ElementType.Bool, Shape.Scalar));
        Value x = graph.AddInput("x", Row);
        var then = new OnnxGraph("then", graph);
        Finish(then, then.AddNode("Relu", [x], ["then_y"]));
        var otherwise = new OnnxGraph("else", graph);
        Value half = otherwise.AddInitializer("half", Tensor.Scalar(0.5f));
        Finish(otherwise, otherwise.AddNode("Mul", [x, half], ["else_y"]));
        Finish(graph, graph.AddNode("If", [condition], ["y"], new Dictionary<string, AttributeValue>
        {
            ["then_branch"] = AttributeValue.Of(then),
            ["else_branch"] = AttributeValue.Of(otherwise),
        }));
        return new OnnxModel(graph, 13);
    }

    public static OnnxModel Loop()
    {
        var graph = new OnnxGraph("loop");
        Value x = graph.AddInput("x", Row);
        Value step = graph.AddInitializer("step", Tensor.Vector(1f, 2f, 3f));
        Value trips = graph.AddInitializer("trips", Tensor.Scalar(4L));
        var body = new OnnxGraph("body", graph);
        body.AddInput("iteration", new(ElementType.Int64, Shape.Scalar));
        Value on = body.AddInput("on", new(ElementType.Bool, Shape.Scalar));
        Value carried = body.AddInput("carried", Row);
        Node keep = body.AddNode("Identity", [on], ["still_on"]);
        keep.Output(0)!.Type = on.Type;
        body.AddOutput(keep.Output(0)!);
        Finish(body, body.AddNode("Add", [carried, step], ["next"]));
        Finish(graph, graph.AddNode("Loop", [trips, null, x], ["y"], [KeyValuePair.Create("body", AttributeValue.Of(body))]));
        return new OnnxModel(graph, 13);
    }

    public static OnnxModel Scan()
    {
        var graph = new OnnxGraph("scan");
        Value start = graph.AddInitializer("start", Tensor.Of<float>([3], [0, 0, 0]));
        Value x = graph.AddInput("x", Row);
        Value scale = graph.AddInitializer("scale", Tensor.Scalar(2f));
        var body = new OnnxGraph("body", graph);
        var element = new TensorType(ElementType.Float32, new Shape(3));
        Value sum = body.AddInput("sum", element);
        Value item = body.AddInput("item", element);
        Node scaled = body.AddNode("Mul", [item, scale], ["scaled"]);
        Node add = body.AddNode("Add", [sum, scaled.Output(0)], ["new_sum"]);
        Node copy = body.AddNode("Identity", [add.Output(0)], ["row"]);
        add.Output(0)!.Type = element;
        copy.Output(0)!.Type = element;
        body.AddOutput(add.Output(0)!);
        body.AddOutput(copy.Output(0)!);
        Node node = graph.AddNode("Scan", [start, x], ["last", "y"], new Dictionary<string, AttributeValue>
        {
            ["body"] = AttributeValue.Of(body),
            ["num_scan_inputs"] = AttributeValue.Of(1L),
        });
        node.Output(0)!.Type = element;
        node.Output(1)!.Type = Row;
        graph.AddOutput(node.Output(1)!);
        return new OnnxModel(graph, 13);
    }

    public static OnnxModel Functions()
    {
        var body = new OnnxGraph("Scaled");
        Value a = body.AddInput("a", null);
        Node constant = body.AddNode("Constant", [], ["k"], [KeyValuePair.Create("value_float", AttributeValue.OfReference(AttributeKind.Float, "factor"))]);
        body.AddOutput(body.AddNode("Mul", [a, constant.Output(0)], ["b"]).Output(0)!);
        var function = new OnnxFunction(
            "local", "Scaled", "wide", Imports(18), [], ImmutableSortedDictionary.Create<string, AttributeValue>(StringComparer.Ordinal).Add("factor", AttributeValue.Of(3f)), body, "y = k x");

        var graph = new OnnxGraph("functions");
        Value x = graph.AddInput("x", Row);
        Node node = graph.AddNode("Scaled", [x], ["y"], domain: "local", name: "call");
        node.Overload = "wide";
        Finish(graph, node);
        return new OnnxModel(graph, 18) { IrVersion = 10, OpsetImports = Imports(18).Add("local", 1), Functions = [function] };
    }

    /// <summary>Fields that the IR does not model, at every place that can have them.</summary>
    public static OnnxModel Extras()
    {
        OnnxModel model = If();
        model.DocString = "";
        model.ProducerVersion = "1.2";
        model.Domain = "org.example";
        model.ModelVersion = 7;
        model.Metadata = model.Metadata.Add("author", "someone").Add("a", "");
        ModelProto proto = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(model));
        proto.TrainingInfo.Add(ByteString.CopyFrom(0x0A, 0x00));
        proto.Configuration.Add(ByteString.CopyFrom(0x0A, 0x01, 0x61));
        proto.Graph.QuantizationAnnotation.Add(ByteString.CopyFrom(0x0A, 0x01, 0x78));
        proto.Graph.MetadataProps.Add(Entry());
        proto.Graph.Node[0].MetadataProps.Add(Entry());
        proto.Graph.Node[0].DeviceConfigurations.Add(ByteString.CopyFrom(0x0A, 0x01, 0x63));
        proto.Graph.Node[0].DocString = "node";
        proto.Graph.Node[0].Attribute[0].DocString = "attribute";
        GraphProto otherwise = proto.Graph.Node[0].Attribute[0].G;
        otherwise.Initializer[0].DocString = "tensor";
        otherwise.Initializer[0].MetadataProps.Add(Entry());
        proto.Graph.Input[1].DocString = "input";
        proto.Graph.Input[1].Type.Denotation = "TENSOR";
        proto.Graph.Input[1].Type.TensorType.Shape.Dim[0].Denotation = "DATA_BATCH";
        proto.Graph.Output[0].MetadataProps.Add(Entry());
        proto.Graph.Input.Add(new ValueInfoProto { Name = "sequence", Type = new TypeProto { SequenceType = ByteString.CopyFrom(0x0A, 0x04, 0x0A, 0x02, 0x08, 0x01), Denotation = "d" } });

        // A field that no version of the format has yet: number 900, one byte string.
        byte[] unknown = [.. Encoding.ASCII.GetBytes("future")];
        using var stream = new MemoryStream();
        proto.WriteTo(stream);
        var writer = new CodedOutputStream(stream);
        writer.WriteTag(900, WireFormat.WireType.LengthDelimited);
        writer.WriteBytes(ByteString.CopyFrom(unknown));
        writer.Flush();
        return OnnxFile.Read(stream.ToArray(), "extras");

        static ByteString Entry() => new StringStringEntryProto { Key = "k", Value = "v" }.ToByteString();
    }

    private static OnnxGraph Constant(OnnxGraph parent, string name)
    {
        var graph = new OnnxGraph(name, parent);
        Finish(graph, graph.AddNode("Constant", [], [$"{name}_c"], [KeyValuePair.Create("value", AttributeValue.Of(Tensor.Of<float>([1, 3], [1, 2, 3])))]));
        return graph;
    }

    private static void Finish(OnnxGraph graph, Node node)
    {
        foreach (Value? output in node.Outputs)
        {
            if (output is not null)
            {
                output.Type = Row;
                graph.AddOutput(output);
            }
        }
    }

    private static ImmutableSortedDictionary<string, long> Imports(long opset) =>
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add("", opset);
}
