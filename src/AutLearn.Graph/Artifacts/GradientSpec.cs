using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>A gradient that the gradient models give, for a reader that updates the parameter itself.</summary>
/// <param name="Parameter">The trainable parameter.</param>
/// <param name="Gradient">
/// The output that holds the gradient of the batch's mean loss, Float32 or of the parameter's type: of the parameter's shape, or, where
/// there are <see cref="Rows"/>, of their shape followed by the parameter's but for its first dimension.
/// </param>
public sealed record GradientSpec(string Parameter, TensorSpec Gradient)
{
    /// <summary>
    /// Gets the output (Int64 or Int32) that tells which row of the parameter each slice of the gradient belongs to, counted from the end where
    /// negative; slices of one row add up, and all other rows are 0. Null where the gradient is dense. A parameter may have several such parts.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TensorSpec? Rows { get; init; }
}
