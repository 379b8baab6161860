using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>Writes equal numbers as one, as manifests of single numbers had them, so that either reader understands either manifest.</summary>
internal sealed class ChannelValuesConverter : JsonConverter<ChannelValues>
{
    public override ChannelValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
            return reader.GetSingle();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A mean or a standard deviation is a number or a list of three numbers.");
        Span<float> values = stackalloc float[3];
        for (int i = 0; i < values.Length; i++)
            values[i] = reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetSingle() : throw new JsonException("A list of channels has three numbers.");
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw new JsonException("A list of channels has three numbers.");
        return new(values[0], values[1], values[2]);
    }

    public override void Write(Utf8JsonWriter writer, ChannelValues value, JsonSerializerOptions options)
    {
        if (value.AreEqual)
        {
            writer.WriteNumberValue(value.First);
            return;
        }

        writer.WriteStartArray();
        writer.WriteNumberValue(value.First);
        writer.WriteNumberValue(value.Second);
        writer.WriteNumberValue(value.Third);
        writer.WriteEndArray();
    }
}
