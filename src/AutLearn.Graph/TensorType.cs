namespace AutLearn.Graph;

/// <summary>The type of a tensor value.</summary>
/// <param name="ElementType">The element type.</param>
/// <param name="Shape">The shape; null where not even the rank is known.</param>
public sealed record TensorType(ElementType ElementType, Shape? Shape)
{
    /// <summary>Tells whether a more exact type is a case of this one: equal element types and no two different known sizes.</summary>
    public bool Accepts(TensorType other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ElementType != other.ElementType)
            return false;
        if (Shape is null || other.Shape is null)
            return true;
        return Shape.Rank == other.Shape.Rank
            && Shape.Zip(other.Shape).All(p => !p.First.IsKnown || !p.Second.IsKnown || p.First.Size == p.Second.Size);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ElementType}{Shape?.ToString() ?? "[...]"}";
}
