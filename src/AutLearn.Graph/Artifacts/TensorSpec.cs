using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>A named tensor of the artifacts.</summary>
/// <param name="Name">The input or output name.</param>
/// <param name="ElementType">The element type.</param>
/// <param name="Shape">Each dimension as a number or a symbol, as text: <c>["N","3","224","224"]</c>; <c>["..."]</c> for a prediction of which not even the rank is known.</param>
public sealed record TensorSpec(string Name, ElementType ElementType, ImmutableArray<string> Shape)
{
    /// <summary>The shape of a prediction whose rank only the run tells.</summary>
    internal const string AnyRank = "...";

    /// <summary>Gets a value indicating whether only the run tells the rank: the shape is <c>["..."]</c>.</summary>
    [JsonIgnore]
    public bool HasAnyRank => Shape is [AnyRank];

    /// <summary>Describes a tensor.</summary>
    /// <param name="name">The input or output name.</param>
    /// <param name="elementType">The element type.</param>
    /// <param name="shape">A shape whose dimensions are numbers or symbols.</param>
    /// <exception cref="ArgumentException">A dimension is neither a number nor a symbol.</exception>
    public static TensorSpec Of(string name, ElementType elementType, Shape shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        ImmutableArray<string>.Builder dimensions = ImmutableArray.CreateBuilder<string>(shape.Rank);
        foreach (Dimension dimension in shape)
        {
            if (!dimension.IsKnown && dimension.Symbol is null)
                throw new ArgumentException($"The shape {shape} of '{name}' has a dimension that is neither a number nor a symbol.", nameof(shape));
            dimensions.Add(dimension.ToString());
        }

        return new(name, elementType, dimensions.MoveToImmutable());
    }

    /// <summary>Describes a tensor of which not even the rank is known.</summary>
    /// <param name="name">The output name.</param>
    /// <param name="elementType">The element type.</param>
    public static TensorSpec OfAnyRank(string name, ElementType elementType)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(name, elementType, [AnyRank]);
    }

    /// <summary>Gets the shape as numbers and symbols.</summary>
    /// <exception cref="InvalidArtifactException">A dimension is empty, negative or too large.</exception>
    public Shape ToShape()
    {
        var dimensions = new Dimension[Shape.Length];
        for (int i = 0; i < dimensions.Length; i++)
        {
            string text = Shape[i];
            if (string.IsNullOrEmpty(text))
                throw new InvalidArtifactException($"Dimension {i} of tensor '{Name}' is empty; it must be a number or a symbol.");
            if (text[0] != '-' && !char.IsAsciiDigit(text[0]))
                dimensions[i] = text;
            else if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size != long.MaxValue)
                dimensions[i] = size;
            else
                throw new InvalidArtifactException($"Dimension {i} of tensor '{Name}' is '{text}'; it must be a number of at least 0 or a symbol.");
        }

        return new(dimensions);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ElementType}[{string.Join(",", Shape.IsDefault ? [] : Shape)}]";

    /// <inheritdoc/>
    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && ElementType == other.ElementType && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, ElementType, Shape.Length);
}
