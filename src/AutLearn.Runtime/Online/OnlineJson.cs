using System.Text.Json.Serialization;

namespace AutLearn.Runtime.Online;

/// <summary>Reads and writes what a gate has measured, without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(GateEvidence))]
internal sealed partial class OnlineJson : JsonSerializerContext;
