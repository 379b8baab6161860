using System.Collections.Immutable;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Serialization;

/// <summary>Translates a model into messages. Everything is written in the order that the graph gives, so equal models give equal bytes.</summary>
internal sealed class ModelWriter(string name, ExternalDataSink? external, InnerNames? names = null)
{
    /// <summary>The largest file that protobuf can encode, less a margin for what surrounds the tensors.</summary>
    public const long LargestFile = int.MaxValue - (16L << 20);

    private long _inlineBytes;

    /// <summary>Translates a model.</summary>
    public ModelProto Write(OnnxModel model)
    {
        ModelProto proto = ExtraFields.Restore<ModelProto>(model.ExtraFields);
        proto.IrVersion = model.IrVersion;
        if (model.ProducerName.Length > 0)
            proto.ProducerName = model.ProducerName;
        if (model.ProducerVersion.Length > 0)
            proto.ProducerVersion = model.ProducerVersion;
        if (model.Domain.Length > 0)
            proto.Domain = model.Domain;
        if (model.ModelVersion != 0)
            proto.ModelVersion = model.ModelVersion;
        if (model.DocString is { } documentation)
            proto.DocString = documentation;
        proto.OpsetImport.Add(Opsets(model.OpsetImports));
        foreach ((string key, string value) in model.Metadata)
            proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        proto.Graph = WriteGraph(model.Graph);
        foreach (OnnxFunction function in model.Functions)
            proto.Functions.Add(WriteFunction(function));
        return proto;
    }

    private static IEnumerable<OperatorSetIdProto> Opsets(ImmutableSortedDictionary<string, long> imports) =>
        imports.Select(i => new OperatorSetIdProto { Domain = i.Key, Version = i.Value });

    private FunctionProto WriteFunction(OnnxFunction function)
    {
        FunctionProto proto = ExtraFields.Restore<FunctionProto>(function.ExtraFields);
        proto.Name = function.Name;
        proto.Domain = function.Domain;
        if (function.Overload.Length > 0)
            proto.Overload = function.Overload;
        if (function.DocString is { } documentation)
            proto.DocString = documentation;
        proto.OpsetImport.Add(Opsets(function.OpsetImports));
        proto.Attribute.Add(function.Attributes);
        foreach ((string key, AttributeValue value) in function.AttributeDefaults)
            proto.AttributeProto.Add(WriteAttribute(key, value));
        proto.Input.Add(function.Body.Inputs.Select(i => i.Name));
        proto.Output.Add(function.Body.Outputs.Select(o => o.Name));
        foreach (Node node in function.Body.Nodes)
        {
            proto.Node.Add(WriteNode(node));
            foreach (Value? output in node.OutputList)
            {
                if (output is not null && IsDescribed(output))
                    proto.ValueInfo.Add(TypeCodec.Write(output));
            }
        }

        if (function.Body.Initializers.Count > 0)
            throw new AutLearnException($"Function '{function.Name}' holds initializers, which ONNX functions cannot; use Constant nodes.");
        return proto;
    }

    private GraphProto WriteGraph(OnnxGraph graph)
    {
        GraphProto proto = ExtraFields.Restore<GraphProto>(graph.ExtraFields);
        proto.Name = graph.Name;
        if (graph.DocString is { } documentation)
            proto.DocString = documentation;
        foreach (Value input in graph.Inputs)
            proto.Input.Add(TypeCodec.Write(input));
        foreach (Value output in graph.Outputs)
            proto.Output.Add(TypeCodec.Write(output));
        foreach (Value value in graph.Initializers)
        {
            TensorProto tensor = WriteTensor(value.Initializer!, external);
            tensor.Name = value.Name;
            proto.Initializer.Add(tensor);
        }

        var outputs = new HashSet<Value>(graph.Outputs);
        foreach (Node node in graph.Nodes)
        {
            proto.Node.Add(WriteNode(node));
            foreach (Value? output in node.OutputList)
            {
                if (names is null && output is not null && IsDescribed(output) && !outputs.Contains(output))
                    proto.ValueInfo.Add(TypeCodec.Write(output));
            }
        }

        return proto;
    }

    // A shape without an element type says nothing that ONNX Runtime would take.
    private static bool IsDescribed(Value value) => value.Type is { ElementType: not ElementType.Undefined } || value.OpaqueType is not null || !value.ExtraFields.IsEmpty;

    private NodeProto WriteNode(Node node)
    {
        NodeProto proto = ExtraFields.Restore<NodeProto>(node.ExtraFields);
        proto.Input.Add(node.InputList.Select(NameOf));
        proto.Output.Add(node.OutputList.Select(NameOf));
        proto.OpType = node.OpType;
        if (node.Name.Length > 0)
            proto.Name = node.Name;
        if (node.Domain.Length > 0)
            proto.Domain = node.Domain;
        if (node.Overload.Length > 0)
            proto.Overload = node.Overload;
        if (node.DocString is { } documentation)
            proto.DocString = documentation;
        foreach ((string key, AttributeValue value) in node.Attributes)
            proto.Attribute.Add(WriteAttribute(key, value));
        return proto;
    }

    private string NameOf(Value? value) => value is null ? "" : names?.Of(value) ?? value.Name;

    private AttributeProto WriteAttribute(string key, AttributeValue value)
    {
        AttributeProto proto = ExtraFields.Restore<AttributeProto>(value.ExtraFields);
        proto.Name = key;
        proto.Type = (int)value.Kind;
        if (value.Reference is { } reference)
        {
            proto.RefAttrName = reference;
            return proto;
        }

        switch (value.Kind)
        {
            case AttributeKind.Float:
                proto.F = value.Float;
                break;
            case AttributeKind.Int:
                proto.I = value.Int;
                break;
            case AttributeKind.String:
                proto.S = ByteString.CopyFromUtf8(value.String);
                break;
            case AttributeKind.Tensor:
                proto.T = WriteTensor(value.Tensor, sink: null);
                break;
            case AttributeKind.Graph:
                proto.G = WriteGraph(value.Graph);
                break;
            case AttributeKind.Floats:
                proto.Floats.Add(value.Floats);
                break;
            case AttributeKind.Ints:
                proto.Ints.Add(value.Ints);
                break;
            case AttributeKind.Strings:
                proto.Strings.Add(value.Strings.Select(ByteString.CopyFromUtf8));
                break;
            case AttributeKind.Tensors:
                proto.Tensors.Add(value.Tensors.Select(t => WriteTensor(t, sink: null)));
                break;
            case AttributeKind.Graphs:
                proto.Graphs.Add(value.Graphs.Select(WriteGraph));
                break;
            case AttributeKind.SparseTensor:
                proto.SparseTensor = UnsafeByteOperations.UnsafeWrap(value.Encoded[0]);
                break;
            case AttributeKind.SparseTensors:
                proto.SparseTensors.Add(value.Encoded.Select(UnsafeByteOperations.UnsafeWrap));
                break;
            case AttributeKind.TypeProto:
                proto.Tp = UnsafeByteOperations.UnsafeWrap(value.Encoded[0]);
                break;
            case AttributeKind.TypeProtos:
                proto.TypeProtos.Add(value.Encoded.Select(UnsafeByteOperations.UnsafeWrap));
                break;
            default:
                throw new AutLearnException($"Attribute '{key}' has no kind and cannot be written.");
        }

        return proto;
    }

    private TensorProto WriteTensor(Tensor tensor, ExternalDataSink? sink)
    {
        TensorProto proto = ExtraFields.Restore<TensorProto>(tensor.ExtraFields);
        proto.DataType = (int)tensor.ElementType;
        proto.Dims.Add(tensor.Dimensions);
        if (tensor.ElementType == ElementType.String)
        {
            proto.StringData.Add(tensor.Strings.Select(ByteString.CopyFromUtf8));
            return proto;
        }

        if (sink?.TryAdd(tensor, proto) == true)
            return proto;
        _inlineBytes += tensor.Bytes.Length;
        if (_inlineBytes > LargestFile)
            throw new AutLearnException($"Model '{name}' is larger than 2 GB, more than one ONNX file can hold. Set OnnxWriteOptions.ExternalDataThresholdInBytes.") { File = name };
        proto.RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes);
        return proto;
    }
}
