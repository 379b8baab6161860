using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>Damages models: blindly, byte by byte, or field by field so that the damage gets past the parser.</summary>
internal sealed class ModelMutation(int seed)
{
    private static readonly long[] Numbers = [0, 1, -1, 2, 7, 8, 16, 99, int.MaxValue, int.MinValue, 1L << 40, long.MaxValue, long.MinValue];

    private readonly Random _random = new(seed);

    public byte[] Mutate(byte[] bytes, byte[] other) => _random.Next(2) == 0 ? Bytes(bytes, other) : Fields(bytes);

    private byte[] Bytes(byte[] bytes, byte[] other)
    {
        var result = new List<byte>(bytes);
        int rounds = 1 + _random.Next(4);
        for (int round = 0; round < rounds && result.Count > 0; round++)
        {
            int at = _random.Next(result.Count);
            int length = Math.Min(1 + _random.Next(_random.Next(2) == 0 ? 8 : 200), result.Count - at);
            switch (_random.Next(7))
            {
                case 0:
                    result[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    result[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    result.RemoveRange(at, result.Count - at);
                    break;
                case 3:
                    result.RemoveRange(at, length);
                    break;
                case 4:
                    result.InsertRange(at, result.GetRange(_random.Next(result.Count - length + 1), length));
                    break;
                case 5:
                    int from = _random.Next(other.Length);
                    result.InsertRange(at, other.AsSpan(from, Math.Min(length, other.Length - from)).ToArray());
                    break;
                default:
                    // A length or number grown to anything up to 2^63.
                    result.RemoveAt(at);
                    result.InsertRange(at, Enumerable.Repeat((byte)0xFF, _random.Next(9)).Append((byte)_random.Next(128)));
                    break;
            }
        }

        return [.. result];
    }

    private byte[] Fields(byte[] bytes)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(bytes);
        var messages = new List<IMessage>();
        Collect(model, messages);
        string[] names = [.. messages.OfType<NodeProto>().SelectMany(n => n.Input.Concat(n.Output)), "", "\0", "ai.onnx", new string('x', 300), "\uD83D\uDE00"];
        int rounds = 1 + _random.Next(3);
        for (int round = 0; round < rounds; round++)
        {
            IMessage message = messages[_random.Next(messages.Count)];
            IList<FieldDescriptor> fields = message.Descriptor.Fields.InFieldNumberOrder();
            Change(message, fields[_random.Next(fields.Count)], names, messages);
        }

        return model.ToByteArray();
    }

    private void Change(IMessage message, FieldDescriptor field, string[] names, List<IMessage> messages)
    {
        if (field.IsRepeated)
        {
            var list = (System.Collections.IList)field.Accessor.GetValue(message);
            int at = list.Count == 0 ? 0 : _random.Next(list.Count);
            switch (_random.Next(4))
            {
                case 0 when list.Count > 0:
                    list.RemoveAt(at);
                    break;
                case 1 when list.Count > 0:
                    list.Add(list[at] is IMessage twice ? Copy(twice) : list[at]);
                    break;
                case 2 when list.Count > 1:
                    object? moved = list[at];
                    list.RemoveAt(at);
                    list.Insert(_random.Next(list.Count + 1), moved);
                    break;
                default:
                    list.Add(Sample(field, names, messages));
                    break;
            }
        }
        else if (_random.Next(4) == 0)
        {
            field.Accessor.Clear(message);
        }
        else
        {
            field.Accessor.SetValue(message, Sample(field, names, messages));
        }
    }

    private object Sample(FieldDescriptor field, string[] names, List<IMessage> messages)
    {
        long number = Numbers[_random.Next(Numbers.Length)];
        switch (field.FieldType)
        {
            case FieldType.Int32:
                return unchecked((int)number);
            case FieldType.Int64:
                return number;
            case FieldType.UInt64:
                return unchecked((ulong)number);
            case FieldType.Float:
                return float.NaN;
            case FieldType.Double:
                return double.MaxValue;
            case FieldType.String:
                return names[_random.Next(names.Length)];
            case FieldType.Bytes:
                byte[] content = new byte[_random.Next(40)];
                _random.NextBytes(content);
                return ByteString.CopyFrom(content);
            default:
                IMessage[] same = [.. messages.Where(m => m.Descriptor == field.MessageType)];
                return same.Length > 0 ? Copy(same[_random.Next(same.Length)]) : field.MessageType.Parser.ParseFrom(ByteString.Empty);
        }
    }

    private static IMessage Copy(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteString());

    private static void Collect(IMessage message, List<IMessage> all)
    {
        all.Add(message);
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.FieldType != FieldType.Message)
                continue;
            object? value = field.Accessor.GetValue(message);
            if (value is IMessage child)
                Collect(child, all);
            else if (value is System.Collections.IEnumerable children)
            {
                foreach (IMessage item in children)
                    Collect(item, all);
            }
        }
    }
}
