using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AutLearn.Cloud.Evaluation;

/// <summary>Scores images with a plain ONNX file, as ONNX Runtime runs it.</summary>
internal sealed class OnnxClassifier : IImageClassifier
{
    private readonly InferenceSession _session;
    private readonly string _input;
    private readonly string _output;

    /// <summary>Opens a file.</summary>
    /// <exception cref="AutLearnException">The file does not run, or has no Float32 output of scores.</exception>
    public OnnxClassifier(string path, ImagePreprocessing preprocessing)
    {
        Preprocessing = preprocessing;
        try
        {
            OrtEnv.Instance().DisableTelemetryEvents();
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            _session = new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new AutLearnException($"{path}: ONNX Runtime cannot open the model: {e.Message}", e) { File = path };
        }

        _input = _session.InputMetadata.Keys.Single();
        string[] candidates = [.. _session.OutputMetadata.Where(o => o.Value.IsTensor && (o.Value.ElementType == typeof(float) || o.Value.ElementType == typeof(Float16)) && o.Value.Dimensions.Length == 2).Select(o => o.Key)];
        _output = Array.Find(candidates, o => o == "logits") ?? candidates.LastOrDefault() ?? "";
        if (_output.Length == 0)
        {
            _session.Dispose();
            throw new AutLearnException($"{path}: the model has no output of scores (Float32 or Float16 [N, classes]).") { File = path };
        }
    }

    public ImagePreprocessing Preprocessing { get; }

    /// <summary>Gets the number of classes that the model scores; null where only a run tells.</summary>
    public int? ClassCount => _session.OutputMetadata[_output].Dimensions[1] is var count and > 0 ? count : null;

    public float[] Score(ReadOnlySpan<byte> input, int rows, CancellationToken cancellationToken)
    {
        TensorElementType type = Preprocessing.ElementType switch
        {
            ElementType.Float16 => TensorElementType.Float16,
            ElementType.UInt8 => TensorElementType.UInt8,
            _ => TensorElementType.Float,
        };
        using OrtValue tensor = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, Preprocessing.Dimensions(rows));
        input.CopyTo(tensor.GetTensorMutableRawData());
        using var run = new RunOptions();
        using CancellationTokenRegistration stop = cancellationToken.Register(() => run.Terminate = true);
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, [_input], [tensor], [_output]);
            return outputs[0].GetTensorTypeAndShape().ElementDataType == TensorElementType.Float16
                ? [.. outputs[0].GetTensorDataAsSpan<Float16>().ToArray().Select(h => (float)h)]
                : outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
        catch (OnnxRuntimeException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new AutLearnException($"The model failed on its input: {e.Message}", e);
        }
    }

    public void Dispose() => _session.Dispose();
}
