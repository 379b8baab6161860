using System.Text.Json.Serialization;

namespace AutLearn.Runtime.Training;

/// <summary>Reads and writes checkpoint headers without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainerHeader))]
internal sealed partial class TrainerJson : JsonSerializerContext;
