using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>One tensor of optimizer state.</summary>
/// <param name="Tensor">Its name, type and static shape; the input name in the step models.</param>
/// <param name="UpdatedOutput">The step models' output that holds its next value.</param>
/// <param name="Parameter">The parameter it belongs to; null for a counter.</param>
/// <param name="Slot">What it is: <c>momentum</c>, <c>exp_avg</c>, <c>exp_avg_sq</c>, <c>square_avg</c>, <c>sum</c>, <c>step</c>, <c>accumulated_gradient</c>, <c>accumulated_weight</c> or <c>micro_step</c>.</param>
/// <param name="InitialValue">The value of every element before the first step.</param>
public sealed record StateSpec(TensorSpec Tensor, string UpdatedOutput, string? Parameter, string Slot, double InitialValue)
{
    private const long MostSteps = 1L << 53;

    /// <summary>Gets a value indicating whether the state is a sum or mean of squares, which is never negative.</summary>
    [JsonIgnore]
    public bool IsSumOfSquares => Slot is "exp_avg_sq" or "square_avg" or "sum";

    /// <summary>Says why a tensor cannot be this state; null where it can.</summary>
    /// <remarks>Optimizers take roots of sums of squares, and powers and reciprocals of what they count.</remarks>
    public string? FindProblem(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.ElementType != Tensor.ElementType || !value.Dimensions.AsSpan().SequenceEqual(Tensor.ToShape().ToSizes()))
            return $"the optimizer state '{Tensor.Name}' must be {Tensor.ElementType}[{string.Join(",", Tensor.Shape)}], not {value}";
        if (!IsFinite(value))
            return $"the optimizer state '{Tensor.Name}' holds values that are not finite";
        if ((IsSumOfSquares || Parameter is null) && HasNegative(value))
            return $"the optimizer state '{Tensor.Name}' holds negative values";
        return value.ElementType == ElementType.Int64 && value.Span<long>().ContainsAnyInRange(MostSteps + 1, long.MaxValue)
            ? $"the optimizer state '{Tensor.Name}' counts more steps than there can have been"
            : null;
    }

    private static bool IsFinite(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float32 => !tensor.Span<float>().ContainsAnyExceptInRange(float.MinValue, float.MaxValue),
        ElementType.Float64 => !tensor.Span<double>().ContainsAnyExceptInRange(double.MinValue, double.MaxValue),
        ElementType.Float16 => !tensor.Span<Half>().ContainsAnyExceptInRange(Half.MinValue, Half.MaxValue),
        _ => true,
    };

    private static bool HasNegative(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float32 => tensor.Span<float>().ContainsAnyInRange(float.NegativeInfinity, -float.Epsilon),
        ElementType.Float64 => tensor.Span<double>().ContainsAnyInRange(double.NegativeInfinity, -double.Epsilon),
        ElementType.Float16 => tensor.Span<Half>().ContainsAnyInRange(Half.NegativeInfinity, -Half.Epsilon),
        ElementType.Int64 => tensor.Span<long>().ContainsAnyInRange(long.MinValue, -1),
        _ => false,
    };
}
