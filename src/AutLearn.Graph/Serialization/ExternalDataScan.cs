namespace AutLearn.Graph.Serialization;

/// <summary>Looks through an encoded model for tensors that keep their data in another file, before anything opens that file.</summary>
/// <remarks>
/// Every place that can hold a tensor is visited: graphs, attributes and subgraphs, functions, sparse tensors and the graphs of training.
/// Native runtimes resolve the locations against the current folder, so a model of unknown origin must not name any.
/// </remarks>
internal ref struct ExternalDataScan
{
    // Protobuf's own limit.
    private const int MaxDepth = 100;

    private readonly ReadOnlySpan<byte> _bytes;

    private ExternalDataScan(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    private enum Message
    {
        Other,
        Model,
        Graph,
        Node,
        Attribute,
        Tensor,
        SparseTensor,
        Function,
        Training,
    }

    /// <summary>Tells whether a tensor of the model names external data.</summary>
    /// <exception cref="InvalidDataException">The bytes are no model.</exception>
    public static bool FindsAny(ReadOnlySpan<byte> model) => new ExternalDataScan(model).Scan(Message.Model, 0, model.Length, 1);

    private static Message ChildOf(Message parent, ulong field) => (parent, field) switch
    {
        (Message.Model, 7) or (Message.Attribute, 6) or (Message.Attribute, 11) or (Message.Training, 1) or (Message.Training, 2) => Message.Graph,
        (Message.Model, 20) => Message.Training,
        (Message.Model, 25) => Message.Function,
        (Message.Graph, 1) or (Message.Function, 7) => Message.Node,
        (Message.Graph, 5) or (Message.Attribute, 5) or (Message.Attribute, 10) or (Message.SparseTensor, 1) or (Message.SparseTensor, 2) => Message.Tensor,
        (Message.Graph, 15) or (Message.Attribute, 22) or (Message.Attribute, 23) => Message.SparseTensor,
        (Message.Node, 5) or (Message.Function, 11) => Message.Attribute,
        _ => Message.Other,
    };

    private readonly bool Scan(Message message, int start, int end, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"its messages nest deeper than {MaxDepth} levels");
        int position = start;
        while (position < end)
        {
            ulong tag = Varint(ref position, end);
            ulong field = tag >> 3;
            ulong wire = tag & 7;

            // external_data, or a data_location other than the default.
            if (message == Message.Tensor && field == 13)
                return true;
            ulong value = wire switch
            {
                0 => Varint(ref position, end),
                1 => 8,
                2 => Varint(ref position, end),
                5 => 4,
                _ => throw new InvalidDataException("it is no ONNX model"),
            };
            if (wire == 0)
            {
                if (message == Message.Tensor && field == 14 && value != 0)
                    return true;
                continue;
            }

            if (field == 0 || value > (ulong)(end - position))
                throw new InvalidDataException("it is truncated or no ONNX model");
            int content = position;
            position += (int)value;
            if (wire == 2 && ChildOf(message, field) is not Message.Other and var child && Scan(child, content, position, depth + 1))
                return true;
        }

        return false;
    }

    private readonly ulong Varint(ref int position, int end)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70 && position < end; shift += 7)
        {
            byte b = _bytes[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw new InvalidDataException("it is truncated or no ONNX model");
    }
}
