using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace AutLearn.Testing.Gradients;

/// <summary>A model in ONNX Runtime on one thread, with tensors in and out.</summary>
public sealed class OrtModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();

    public OrtModel(OnnxModel model, GraphOptimizationLevel level)
        : this(OnnxFile.ToBytes(model), level)
    {
    }

    public OrtModel(byte[] model, GraphOptimizationLevel level)
    {
        using SessionOptions options = Options(level);
        _session = new InferenceSession(model, options);
    }

    /// <summary>Opens a file, whose tensors may stand in others.</summary>
    public OrtModel(string path, GraphOptimizationLevel level)
    {
        using SessionOptions options = Options(level);
        _session = new InferenceSession(path, options);
    }

    /// <summary>Gets what the inputs are, by name.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    /// <summary>Runs the model; feeds that it does not take are left out, and so are outputs that are no tensors.</summary>
    public IReadOnlyDictionary<string, Tensor> Run(IReadOnlyDictionary<string, Tensor> feeds)
    {
        string[] inputNames = [.. _session.InputNames];
        var inputs = new List<OrtValue>();
        try
        {
            foreach (string name in inputNames)
                inputs.Add(ToOrt(feeds[name]));
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, inputNames, inputs, _session.OutputNames);
            return _session.OutputNames.Zip(outputs).Where(p => p.Second.IsTensor).ToDictionary(p => p.First, p => FromOrt(p.Second));
        }
        finally
        {
            inputs.ForEach(i => i.Dispose());
        }
    }

    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static SessionOptions Options(GraphOptimizationLevel level) => new()
    {
        GraphOptimizationLevel = level,
        IntraOpNumThreads = 1,
        InterOpNumThreads = 1,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
    };

    private static OrtValue ToOrt(Tensor tensor)
    {
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)tensor.ElementType, [.. tensor.Dimensions]);
        tensor.Bytes.Span.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private static Tensor FromOrt(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return new Tensor((ElementType)info.ElementDataType, info.Shape, value.GetTensorMutableRawData().ToArray());
    }
}
