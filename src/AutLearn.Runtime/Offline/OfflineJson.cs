using System.Text.Json.Serialization;

namespace AutLearn.Runtime.Offline;

/// <summary>Reads and writes checkpoint headers without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(OfflineHeader))]
internal sealed partial class OfflineJson : JsonSerializerContext;
