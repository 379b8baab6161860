using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>How an IDX file of images is read.</summary>
internal sealed record IdxReading
{
    /// <summary>Gets the class names; empty where unknown.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Gets the number of classes; null where unknown.</summary>
    public int? ClassCount { get; init; }

    /// <summary>Gets the label of the first class; null where a person did not say.</summary>
    public int? FirstLabel { get; init; }

    /// <summary>Gets whether rows and columns of each image are exchanged, as in EMNIST.</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Gets the only writer to keep; null for all.</summary>
    public int? Writer { get; init; }
}
