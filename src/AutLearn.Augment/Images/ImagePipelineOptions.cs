using System.Collections.Immutable;

namespace AutLearn.Augment.Images;

/// <summary>Settings of an <see cref="ImagePipeline"/>.</summary>
public sealed record ImagePipelineOptions
{
    /// <summary>Gets the steps, in order.</summary>
    /// <value>The default is none: the image is only resized.</value>
    public ImmutableArray<ImageStep> Steps { get; init; } = [];

    /// <summary>Gets the seed.</summary>
    /// <value>The default is 0.</value>
    public long Seed { get; init; }

    /// <summary>Gets what lies outside the image.</summary>
    /// <value>The default is <see cref="BorderMode.Edge"/>.</value>
    public BorderMode Border { get; init; } = BorderMode.Edge;

    /// <summary>Gets how values between pixels are found.</summary>
    /// <value>The default is <see cref="Interpolation.Bilinear"/>.</value>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>Gets the colour outside the image where the border is <see cref="BorderMode.Constant"/>.</summary>
    /// <value>0xAABBGGRR. The default is black.</value>
    public uint Fill { get; init; } = 0xFF000000;
}
