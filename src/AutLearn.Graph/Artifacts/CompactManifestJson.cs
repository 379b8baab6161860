using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>Reads and writes parts of manifests on one line, for the metadata of an ONNX file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(ImagePreprocessing))]
[JsonSerializable(typeof(TableSpec))]
internal sealed partial class CompactManifestJson : JsonSerializerContext;
