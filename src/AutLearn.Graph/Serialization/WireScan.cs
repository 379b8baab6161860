namespace AutLearn.Graph.Serialization;

/// <summary>Walks the wire format of a model before any object is made of it.</summary>
/// <remarks>
/// A message of two bytes becomes an object of several hundred: a small hostile file could fill the memory. The scan
/// adds up what the parsed objects would take and refuses files beyond any plausible model, as well as truncated and
/// too deeply nested ones. Weights are rough sizes of the managed objects in bytes.
/// </remarks>
internal ref struct WireScan
{
    // Protobuf's own limit; a subgraph takes three levels (node, attribute, graph), so 32 subgraphs can nest.
    private const int MaxDepth = 100;

    // Exports reach about 15 times their size: a node with its types takes 4 KB as objects and 250 bytes in the file.
    private const long WeightPerByte = 32;
    private const long LargestScaledWeight = 1L << 30;
    private const long FreeWeight = 64L << 20;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ReadContext _context;
    private long _budget;

    private WireScan(ReadOnlySpan<byte> bytes, ReadContext context)
    {
        _bytes = bytes;
        _context = context;
        _budget = FreeWeight + Math.Min(WeightPerByte * bytes.Length, LargestScaledWeight) + (2L * bytes.Length);
    }

    private enum Message
    {
        Leaf,
        Model,
        Graph,
        Node,
        Attribute,
        Tensor,
        ValueInfo,
        Type,
        TensorType,
        Shape,
        Dimension,
        Entry,
        Function,
        Bytes,
    }

    /// <summary>Scans a whole file.</summary>
    /// <exception cref="InvalidModelException">The bytes are no plausible model.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, ReadContext context) =>
        new WireScan(bytes, context).Scan(Message.Model, 0, bytes.Length, 1);

    /// <summary>Scans one encoded tensor.</summary>
    /// <exception cref="InvalidModelException">The bytes are no plausible tensor.</exception>
    public static void CheckTensor(ReadOnlySpan<byte> bytes, ReadContext context) =>
        new WireScan(bytes, context).Scan(Message.Tensor, 0, bytes.Length, 1);

    private static (Message Child, int Weight) FieldOf(Message parent, int field) => (parent, field) switch
    {
        (Message.Model, 7) => (Message.Graph, 500),
        (Message.Model, 8) => (Message.Entry, 60),
        (Message.Model, 14) => (Message.Entry, 200),
        (Message.Model, 25) => (Message.Function, 800),
        (Message.Graph, 1) or (Message.Function, 7) => (Message.Node, 600),
        (Message.Graph, 5) or (Message.Attribute, 5) or (Message.Attribute, 10) => (Message.Tensor, 800),
        (Message.Graph, 11) or (Message.Graph, 12) or (Message.Graph, 13) or (Message.Function, 12) => (Message.ValueInfo, 300),
        (Message.Node, 5) or (Message.Function, 11) => (Message.Attribute, 400),
        (Message.Attribute, 6) or (Message.Attribute, 11) => (Message.Graph, 900),
        (Message.Tensor, 13) or (Message.Function, 9) => (Message.Entry, 60),
        (Message.ValueInfo, 2) => (Message.Type, 90),
        (Message.Type, 1) => (Message.TensorType, 90),
        (Message.TensorType, 2) => (Message.Shape, 120),
        (Message.Shape, 1) => (Message.Dimension, 80),
        (Message.Tensor, 1) or (Message.Tensor, 4) or (Message.Tensor, 5) or (Message.Tensor, 7) or (Message.Tensor, 10) or (Message.Tensor, 11)
            or (Message.Attribute, 7) or (Message.Attribute, 8) => (Message.Leaf, 16),
        (Message.Model, <= 30) or (Message.Graph, <= 16) or (Message.Node, <= 10) or (Message.Attribute, <= 23)
            or (Message.Tensor, <= 16) or (Message.Function, <= 14) => (Message.Bytes, 60),
        (Message.ValueInfo, <= 4) or (Message.Type, <= 9) or (Message.TensorType, 1) or (Message.Dimension, <= 3) or (Message.Entry, <= 2) => (Message.Bytes, 24),
        _ => (Message.Bytes, 400),
    };

    private void Scan(Message message, int start, int end, int depth)
    {
        if (depth > MaxDepth)
            throw _context.Invalid($"messages nest deeper than {MaxDepth} levels");
        int position = start;
        while (position < end)
        {
            int fieldStart = position;
            ulong tag = Varint(ref position, end);
            ulong field = tag >> 3;
            if (field is 0 or > 0x1FFFFFFF)
                throw _context.Invalid($"the bytes at offset {fieldStart} are no ONNX");
            (Message child, int weight) = FieldOf(message, (int)field);
            _budget -= weight;
            if (_budget < 0)
                throw _context.Invalid("the file describes far more objects than its size allows a model to have");
            switch (tag & 7)
            {
                case 0:
                    Varint(ref position, end);
                    break;
                case 1:
                    Skip(ref position, end, 8, fieldStart);
                    break;
                case 2:
                    ulong length = Varint(ref position, end);
                    int contentStart = position;
                    Skip(ref position, end, length, fieldStart);
                    if (child is not (Message.Bytes or Message.Leaf))
                        Scan(child, contentStart, position, depth + 1);
                    break;
                case 5:
                    Skip(ref position, end, 4, fieldStart);
                    break;
                default:
                    // Groups, which no version of the format uses.
                    throw _context.Invalid($"the bytes at offset {fieldStart} are no ONNX");
            }
        }
    }

    private readonly void Skip(ref int position, int end, ulong length, int fieldStart)
    {
        if (length > (ulong)(end - position))
            throw _context.Invalid($"the file is truncated or damaged: the field at offset {fieldStart} reaches past its end");
        position += (int)length;
    }

    private readonly ulong Varint(ref int position, int end)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (position >= end)
                throw _context.Invalid($"the file is truncated or damaged at offset {position}");
            byte b = _bytes[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw _context.Invalid($"the bytes at offset {position} are no ONNX");
    }
}
