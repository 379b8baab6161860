using Microsoft.ML.OnnxRuntime;

namespace AutLearn.DeviceDay;

/// <summary>What an app may have done with ONNX Runtime before AutLearn came into it.</summary>
internal static class OnnxUse
{
    // The library's telemetry sends its first events some seconds after a model was opened.
    public static async Task RunAsync(string model, TimeSpan time)
    {
        using var session = new InferenceSession(model);
        Console.WriteLine($"ONNX Runtime has opened a model with {session.InputMetadata.Count} inputs.");
        await Task.Delay(time);
    }
}
