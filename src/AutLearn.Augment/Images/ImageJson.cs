using System.Text.Json.Serialization;

namespace AutLearn.Augment.Images;

/// <summary>Reads and writes pipelines and plans without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    NewLine = "\n")]
[JsonSerializable(typeof(ImagePipelineOptions))]
[JsonSerializable(typeof(ImagePlan))]
internal sealed partial class ImageJson : JsonSerializerContext;
