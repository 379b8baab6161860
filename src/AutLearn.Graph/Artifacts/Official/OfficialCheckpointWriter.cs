using Google.FlatBuffers;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>Encodes checkpoints; slot numbers are those of <c>checkpoint.fbs</c>.</summary>
internal static class OfficialCheckpointWriter
{
    public const string Identifier = "ODTC";

    public static byte[] Write(OfficialCheckpoint checkpoint)
    {
        var builder = new FlatBufferBuilder(1024);
        int trainable = Vector(builder, checkpoint.Trainable.Select(p => WriteParameter(builder, checkpoint, p.Key, p.Value)));
        int frozen = Vector(builder, checkpoint.Frozen.Select(p => WriteParameter(builder, checkpoint, p.Key, p.Value)));
        builder.StartTable(4);
        builder.AddOffset(0, trainable, 0);
        builder.AddOffset(1, frozen, 0);
        builder.AddBool(2, checkpoint.IsNominal, false);
        int module = builder.EndTable();
        int groups = Vector(builder, checkpoint.OptimizerGroups.Select(g => WriteGroup(builder, g)));
        int properties = WriteProperties(builder, checkpoint);
        builder.StartTable(4);
        builder.AddInt(0, OfficialCheckpoint.CurrentVersion, 0);
        builder.AddOffset(1, module, 0);
        builder.AddOffset(2, groups, 0);
        builder.AddOffset(3, properties, 0);
        builder.Finish(builder.EndTable(), Identifier);
        return builder.SizedByteArray();
    }

    private static int WriteParameter(FlatBufferBuilder builder, OfficialCheckpoint checkpoint, string name, Tensor tensor)
    {
        if (!checkpoint.IsNominal)
            return WriteTensor(builder, name, tensor);
        int label = builder.CreateString(name).Value;
        builder.StartTable(7);
        builder.AddOffset(0, label, 0);
        return builder.EndTable();
    }

    private static int WriteTensor(FlatBufferBuilder builder, string name, Tensor tensor)
    {
        if (tensor.ElementType == ElementType.String)
            throw new NotSupportedException($"Parameter '{name}' holds strings.");

        // The engine reads the data in place, so they are aligned for every element type.
        builder.StartVector(1, tensor.Bytes.Length, 16);
        int data = PutBytes(builder, tensor.Bytes);
        builder.StartVector(sizeof(long), tensor.Dimensions.Length, sizeof(long));
        for (int i = tensor.Dimensions.Length - 1; i >= 0; i--)
            builder.PutLong(tensor.Dimensions[i]);
        int dims = builder.EndVector().Value;
        int label = builder.CreateString(name).Value;
        builder.StartTable(7);
        builder.AddOffset(0, label, 0);
        builder.AddOffset(2, dims, 0);
        builder.AddInt(3, (int)tensor.ElementType, 0);
        builder.AddOffset(4, data, 0);
        return builder.EndTable();
    }

    private static int PutBytes(FlatBufferBuilder builder, ReadOnlyMemory<byte> bytes)
    {
        builder.Put<byte>(bytes.Span.ToArray());
        return builder.EndVector().Value;
    }

    private static int WriteGroup(FlatBufferBuilder builder, OfficialOptimizerGroup group)
    {
        int states = Vector(builder, group.Moments.Select(parameter =>
        {
            int moments = Vector(builder, parameter.Value.Select(m => WriteTensor(builder, m.Key, m.Value)));
            int name = builder.CreateString(parameter.Key).Value;
            builder.StartTable(2);
            builder.AddOffset(0, name, 0);
            builder.AddOffset(1, moments, 0);
            return builder.EndTable();
        }));
        int label = builder.CreateString(group.Name).Value;
        builder.StartTable(4);
        builder.AddLong(1, group.Step, 0);
        builder.AddOffset(0, label, 0);
        builder.AddFloat(2, group.InitialLearningRate, 0);
        builder.AddOffset(3, states, 0);
        return builder.EndTable();
    }

    private static int WriteProperties(FlatBufferBuilder builder, OfficialCheckpoint checkpoint)
    {
        if (checkpoint.Properties.FirstOrDefault(p => p.Value is not (long or float or string)) is { Key: { } bad, Value: { } value })
            throw new NotSupportedException($"Property '{bad}' is of type {value.GetType()}; Int64, Single and String are possible.");
        int ints = Vector(builder, checkpoint.Properties.Where(p => p.Value is long).Select(p => WriteProperty(builder, p.Key, () => builder.AddLong(1, (long)p.Value, 0))));
        int floats = Vector(builder, checkpoint.Properties.Where(p => p.Value is float).Select(p => WriteProperty(builder, p.Key, () => builder.AddFloat(1, (float)p.Value, 0))));
        int strings = Vector(builder, checkpoint.Properties.Where(p => p.Value is string).Select(p =>
        {
            int text = builder.CreateString((string)p.Value).Value;
            return WriteProperty(builder, p.Key, () => builder.AddOffset(1, text, 0));
        }));
        builder.StartTable(3);
        builder.AddOffset(0, ints, 0);
        builder.AddOffset(1, floats, 0);
        builder.AddOffset(2, strings, 0);
        return builder.EndTable();
    }

    private static int WriteProperty(FlatBufferBuilder builder, string name, Action addValue)
    {
        int label = builder.CreateString(name).Value;
        builder.StartTable(2);
        addValue();
        builder.AddOffset(0, label, 0);
        return builder.EndTable();
    }

    private static int Vector(FlatBufferBuilder builder, IEnumerable<int> tables)
    {
        int[] offsets = [.. tables];
        builder.StartVector(sizeof(int), offsets.Length, sizeof(int));
        for (int i = offsets.Length - 1; i >= 0; i--)
            builder.AddOffset(offsets[i]);
        return builder.EndVector().Value;
    }
}
