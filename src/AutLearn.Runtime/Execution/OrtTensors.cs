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

    /// <summary>Copies what a run made into a buffer: the given one where the shape is the same, else one of that shape.</summary>
    public static TensorBuffer Copy(OrtValue value, TensorBuffer buffer)
    {
        long[] dimensions = value.GetTensorTypeAndShape().Shape;
        if (!buffer.Dimensions.SequenceEqual(dimensions))
            buffer = new(buffer.ElementType, dimensions);
        value.GetTensorMutableRawData().CopyTo(buffer.Bytes);
        return buffer;
    }

    public static ElementType ElementTypeOf(TensorElementType type) => (ElementType)(int)type;
}
