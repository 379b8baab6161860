namespace AutLearn.Graph;

/// <summary>The type of a tensor value.</summary>
/// <param name="ElementType">The element type.</param>
/// <param name="Shape">The shape; null where not even the rank is known.</param>
public sealed record TensorType(ElementType ElementType, Shape? Shape)
{
    /// <inheritdoc/>
    public override string ToString() => $"{ElementType}{Shape?.ToString() ?? "[...]"}";
}
