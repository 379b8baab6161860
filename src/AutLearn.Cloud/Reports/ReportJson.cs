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
[JsonSerializable(typeof(EvaluateReport))]
[JsonSerializable(typeof(PersonalizeReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
