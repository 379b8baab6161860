using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Testing.Gradients;

/// <summary>One input of a <see cref="GradientCase"/>.</summary>
public sealed record CaseInput
{
    /// <summary>Gets the sizes of random data; those of <see cref="Literal"/> where one is given.</summary>
    public ImmutableArray<long> Dimensions { get; init; } = [];

    /// <summary>Gets how the elements are drawn, as a function of the random stream and their number; the default is standard normal.</summary>
    public Func<Random, int, double[]> Draw { get; init; } = Draws.Normal;

    /// <summary>Gets values that overwrite the first elements in the run over special points: zeros, ties, saturation, bounds.</summary>
    public ImmutableArray<double> SpecialPoints { get; init; } = [];

    /// <summary>Gets fixed data, for indices, axes and the like; null for random data of the case's element type.</summary>
    public Tensor? Literal { get; init; }

    /// <summary>Gets where the input stands in the model.</summary>
    public CaseInputPlace Place { get; init; } = CaseInputPlace.Differentiated;

    /// <summary>Gets the axes that are symbols in the variant with symbolic dimensions; all axes of a size other than 1 if null.</summary>
    public ImmutableArray<int>? SymbolicAxes { get; init; }

    /// <summary>A random input to differentiate by.</summary>
    public static CaseInput Random(params ReadOnlySpan<long> dimensions) => new() { Dimensions = [.. dimensions] };

    /// <summary>A random input to differentiate by, drawn from a distribution of <see cref="Draws"/>.</summary>
    public static CaseInput Random(Func<Random, int, double[]> draw, params ReadOnlySpan<long> dimensions) =>
        new() { Dimensions = [.. dimensions], Draw = draw };

    /// <summary>A random input to differentiate by whose dimensions are numbers in both variants, as a trained parameter's are.</summary>
    public static CaseInput Parameter(params ReadOnlySpan<long> dimensions) =>
        new() { Dimensions = [.. dimensions], SymbolicAxes = [] };

    /// <summary>A constant of the model, such as axes.</summary>
    public static CaseInput Constant(Tensor value) =>
        new() { Literal = value, Dimensions = value.Dimensions, Place = CaseInputPlace.Initializer };

    /// <summary>A 1-D Int64 constant of the model.</summary>
    public static CaseInput Ints(params ReadOnlySpan<long> values) => Constant(Tensor.Vector(values));

    /// <summary>Fixed data that the model takes as an input, such as indices computed elsewhere.</summary>
    public static CaseInput Fed(Tensor value) =>
        new() { Literal = value, Dimensions = value.Dimensions, Place = CaseInputPlace.Fed };

    /// <summary>An optional input that is left out.</summary>
    public static CaseInput Absent { get; } = new() { Place = CaseInputPlace.Absent };
}
