using System.Runtime.CompilerServices;
using AutLearn.Runtime;

namespace AutLearn;

/// <summary>Switches ONNX Runtime's telemetry off in assemblies that use ONNX Runtime itself, and so perhaps before AutLearn.Runtime is loaded.</summary>
internal static class QuietOnnxRuntime
{
#pragma warning disable CA2255 // These assemblies are loaded to run at once.
    [ModuleInitializer]
    internal static void OnLoad() => OnnxRuntimeTelemetry.Disable();
#pragma warning restore CA2255
}
