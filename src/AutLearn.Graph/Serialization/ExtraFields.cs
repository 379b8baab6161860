using Google.Protobuf;

namespace AutLearn.Graph.Serialization;

/// <summary>Carries what the IR does not model: the reader clears every field it has mapped and keeps the rest encoded.</summary>
internal static class ExtraFields
{
    /// <summary>Encodes what is left of a message.</summary>
    public static ReadOnlyMemory<byte> Rest(IMessage message) => message.CalculateSize() == 0 ? default(ReadOnlyMemory<byte>) : message.ToByteArray();

    /// <summary>Creates a message that holds the kept fields.</summary>
    public static T Restore<T>(ReadOnlyMemory<byte> encoded)
        where T : class, IMessage<T>, new()
    {
        var message = new T();
        if (!encoded.IsEmpty)
            message.MergeFrom(encoded.Span);
        return message;
    }
}
