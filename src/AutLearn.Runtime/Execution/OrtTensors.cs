using AutLearn.Graph;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AutLearn.Runtime.Execution;

/// <summary>Wraps buffers as ORT values. Both enumerations of element types count as ONNX does.</summary>
internal static class OrtTensors
{
    /// <summary>Creates a value over a buffer's memory; the buffer must outlive it.</summary>
    public static OrtValue Over(TensorBuffer buffer) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance,
        (TensorElementType)(int)buffer.ElementType,
        buffer.CopyOfDimensions(),
        buffer.Address,
        buffer.Bytes.Length);

    public static ElementType ElementTypeOf(TensorElementType type) => (ElementType)(int)type;
}
