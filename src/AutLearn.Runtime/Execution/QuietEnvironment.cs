using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>ONNX Runtime's environment with the events off that its builds for Windows trace.</summary>
/// <remarks>Those builds read no environment variable. Elsewhere this takes the events of models from a library that ran before AutLearn.</remarks>
internal static class QuietEnvironment
{
    public static OrtEnv Instance { get; } = Create();

    private static OrtEnv Create()
    {
        OrtEnv environment = OrtEnv.Instance();
        environment.DisableTelemetryEvents();
        return environment;
    }
}
