using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Gradients;
using Google.Protobuf;

namespace AutLearn.Testing.Backend;

/// <summary>Reads the tensors that come with a backend test.</summary>
internal static class BackendData
{
    // TensorProto.name; ModelProto.ir_version, .graph and .opset_import; GraphProto.initializer and .name
    private const int TensorName = 8, IrVersion = 1, Graph = 7, OpsetImport = 8, OpsetVersion = 2, Initializer = 5, GraphName = 2;

    /// <summary>Reads the inputs or outputs of the first data set, in the order of the model.</summary>
    public static Tensor[] Read(string folder, string kind)
    {
        string data = Path.Combine(folder, "test_data_set_0");
        var tensors = new List<Tensor>();
        for (int i = 0; File.Exists(Path.Combine(data, $"{kind}_{i}.pb")); i++)
            tensors.Add(Read(File.ReadAllBytes(Path.Combine(data, $"{kind}_{i}.pb"))));
        return [.. tensors];
    }

    /// <summary>Draws an image for a model that comes without data.</summary>
    public static Tensor Draw(Value input)
    {
        long[] sizes = input.Shape!.ToSizes();
        double[] values = Draws.Normal(new Random(1), (int)sizes.Aggregate(1L, (a, b) => a * b));
        return CaseData.FromDoubles(input.ElementType, sizes, values);
    }

    // A file holds one TensorProto; as the constant of a model it is read like any other.
    private static Tensor Read(byte[] proto)
    {
        byte[] tensor = [.. proto, .. Message(o => WriteBytes(o, TensorName, "x"u8))];
        byte[] graph = Message(o =>
        {
            WriteBytes(o, GraphName, "data"u8);
            WriteBytes(o, Initializer, tensor);
        });
        byte[] opset = Message(o =>
        {
            o.WriteTag(OpsetVersion, WireFormat.WireType.Varint);
            o.WriteInt64(OnnxVersions.NewestOpset);
        });
        byte[] model = Message(o =>
        {
            o.WriteTag(IrVersion, WireFormat.WireType.Varint);
            o.WriteInt64(OnnxVersions.NewestIrVersion);
            WriteBytes(o, Graph, graph);
            WriteBytes(o, OpsetImport, opset);
        });
        return OnnxFile.Read(model, "data").Graph.Initializers[0].Initializer!;
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static void WriteBytes(CodedOutputStream output, int field, ReadOnlySpan<byte> bytes)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }
}
