namespace AutLearn.Augment.Images;

/// <summary>Limits of <see cref="ImageDecoder"/>.</summary>
public sealed class ImageDecoderOptions
{
    /// <summary>Gets or sets the shorter side that is needed: an image is decoded at the smallest size its format offers that has it.</summary>
    /// <value>In pixels; 0, the default, decodes at full size.</value>
    public int MinSide { get; set; }

    /// <summary>Gets or sets the most pixels that are decoded, after scaling.</summary>
    /// <value>The default is 50 million, which takes 200 MB.</value>
    public long MaxPixels { get; set; } = 50_000_000;

    /// <summary>Gets or sets the largest file that is read.</summary>
    /// <value>In bytes. The default is 64 MiB.</value>
    public long MaxFileSizeInBytes { get; set; } = 64L << 20;
}
