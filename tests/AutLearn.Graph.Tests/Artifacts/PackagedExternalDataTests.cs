using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Tests.Artifacts;

/// <summary>A package's models are complete: wherever a tensor can stand, it may not name another file.</summary>
[Trait("Category", "Fault")]
public sealed class PackagedExternalDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autlearn-artifacts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("initializer")]
    [InlineData("location only")]
    [InlineData("attribute")]
    [InlineData("attribute list")]
    [InlineData("subgraph")]
    [InlineData("function")]
    [InlineData("sparse initializer")]
    [InlineData("sparse attribute")]
    [InlineData("training")]
    [InlineData("behind a group")]
    public void Read_ModelThatNamesAnotherFile_IsRefused(string place)
    {
        byte[] model = Model(place);
        string path = Path.Combine(_folder, "set.autlearn");
        var writer = new ArtifactWriter(SampleArtifacts.Manifest);
        foreach (string name in new[] { ArtifactNames.Inference, ArtifactNames.TrainStep })
            writer.Add(name, SampleArtifacts.Content(name));
        writer.Add(ArtifactNames.Evaluation, model);
        writer.Add(ArtifactNames.Parameters, new SafetensorsFile([new("w", Tensor.Of<float>([3, 4], new float[12]))]).ToBytes());
        writer.Write(path);
        using var package = ArtifactPackage.Open(path);
        package.Read(ArtifactNames.Inference);
        var error = Assert.Throws<InvalidArtifactException>(() => package.Read(ArtifactNames.Evaluation));
        Assert.Equal(ArtifactNames.Evaluation, error.File);
        Assert.Throws<InvalidArtifactException>(package.Verify);
    }

    private static byte[] Model(string place)
    {
        var tensor = new TensorProto { Name = "w", DataType = 1 };
        tensor.Dims.Add(4);
        if (place == "location only")
            tensor.DataLocation = 1;
        else
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/hostname" });
        var model = new ModelProto { IrVersion = 8, Graph = new GraphProto { Name = "g" } };
        var node = new NodeProto { OpType = "Constant" };
        var attribute = new AttributeProto { Name = "value" };
        node.Attribute.Add(attribute);
        byte[] sparse = Field(1, tensor.ToByteArray());
        switch (place)
        {
            case "attribute":
                attribute.T = tensor;
                model.Graph.Node.Add(node);
                break;
            case "attribute list":
                attribute.Tensors.Add(tensor);
                model.Graph.Node.Add(node);
                break;
            case "subgraph":
                attribute.G = new GraphProto();
                attribute.G.Initializer.Add(tensor);
                model.Graph.Node.Add(node);
                break;
            case "function":
                attribute.T = tensor;
                var function = new FunctionProto { Name = "f" };
                function.Node.Add(node);
                model.Functions.Add(function);
                break;
            case "sparse initializer":
                model.Graph.SparseInitializer.Add(ByteString.CopyFrom(sparse));
                break;
            case "sparse attribute":
                attribute.SparseTensor = ByteString.CopyFrom(sparse);
                model.Graph.Node.Add(node);
                break;
            case "training":
                var graph = new GraphProto();
                graph.Initializer.Add(tensor);
                return [.. model.ToByteArray(), .. Field(20, Field(1, graph.ToByteArray()))];
            case "behind a group":
                // Native parsers pass over groups; ours must not take them for the end.
                model.Graph.Initializer.Add(tensor);
                return [0xA3, 0x06, 0xA4, 0x06, .. model.ToByteArray()];
            default:
                model.Graph.Initializer.Add(tensor);
                break;
        }

        return model.ToByteArray();
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
}
