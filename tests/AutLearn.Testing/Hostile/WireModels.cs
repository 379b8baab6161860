using System.Globalization;
using Google.Protobuf;

namespace AutLearn.Testing.Hostile;

/// <summary>Models written field by field, where no sound writer would go.</summary>
public static class WireModels
{
    /// <summary>Adds constants that all name one external file, each by another path.</summary>
    public static byte[] WithAliases(byte[] model, string file, int sizeInBytes, int count)
    {
        using var graph = new MemoryStream();
        for (int i = 0; i < count; i++)
        {
            byte[] tensor =
            [
                .. Number(1, sizeInBytes / sizeof(float)), .. Number(2, 1), .. Text(8, $"alias{i}"),
                .. Message(13, [.. Text(1, "location"), .. Text(2, string.Concat(Enumerable.Repeat("./", i + 1)) + file)]),
                .. Message(13, [.. Text(1, "length"), .. Text(2, sizeInBytes.ToString(CultureInfo.InvariantCulture))]),
                .. Number(14, 1),
            ];
            graph.Write(Message(5, tensor));
        }

        // A message that comes twice is merged.
        return [.. model, .. Message(7, graph.ToArray())];
    }

    private static byte[] Message(int field, byte[] content) => Write(w =>
    {
        w.WriteTag(field, WireFormat.WireType.LengthDelimited);
        w.WriteBytes(ByteString.CopyFrom(content));
    });

    private static byte[] Text(int field, string text) => Write(w =>
    {
        w.WriteTag(field, WireFormat.WireType.LengthDelimited);
        w.WriteString(text);
    });

    private static byte[] Number(int field, long number) => Write(w =>
    {
        w.WriteTag(field, WireFormat.WireType.Varint);
        w.WriteInt64(number);
    });

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        var writer = new CodedOutputStream(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }
}
