using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Parameters;

/// <summary>Optimizer state before the first step.</summary>
internal static class InitialState
{
    public static void Write(StateSpec spec, TensorBuffer buffer)
    {
        double value = spec.InitialValue;
        switch (spec.Tensor.ElementType)
        {
            case ElementType.Float32: buffer.Span<float>().Fill((float)value); break;
            case ElementType.Float64: buffer.Span<double>().Fill(value); break;
            case ElementType.Float16: buffer.Span<Half>().Fill((Half)value); break;
            case ElementType.Int64: buffer.Span<long>().Fill((long)value); break;
            case ElementType.Int32: buffer.Span<int>().Fill((int)value); break;
            default:
                throw new InvalidArtifactException($"The state '{spec.Tensor.Name}' is of type {spec.Tensor.ElementType}, which no optimizer of this version uses. Compile the model again.") { File = ArtifactNames.Manifest };
        }
    }
}
