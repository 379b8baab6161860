using System.Text.Json.Serialization;

namespace AutLearn.Cloud.Reports;

/// <summary>Writes reports as JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    NewLine = "\n")]
[JsonSerializable(typeof(InspectReport))]
[JsonSerializable(typeof(CompileOutcome))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(EvaluateReport))]
[JsonSerializable(typeof(PersonalizeReport))]
[JsonSerializable(typeof(EvaluateTextReport))]
[JsonSerializable(typeof(PersonalizeTextReport))]
[JsonSerializable(typeof(EvaluateTableReport))]
[JsonSerializable(typeof(PersonalizeTableReport))]
[JsonSerializable(typeof(PretrainReport))]
[JsonSerializable(typeof(AugmentTextReport))]
[JsonSerializable(typeof(AugmentImagesReport))]
[JsonSerializable(typeof(AugmentSynonymsReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
