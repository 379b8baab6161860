namespace AutLearn.Samples.Gallery;

/// <summary>The command line of the gallery; each option also as an environment variable <c>AUTLEARN_GALLERY_NAME</c>.</summary>
public sealed class GalleryOptions
{
    /// <summary>Gets or sets the <c>.autlearn</c> file or folder.</summary>
    public string? Package { get; set; }

    /// <summary>Gets or sets the folder of photos.</summary>
    public string? Photos { get; set; }

    /// <summary>Gets or sets the folder that keeps what was learnt.</summary>
    public string Profile { get; set; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "AutLearn", "Gallery");

    /// <summary>Gets or sets the port on 127.0.0.1; 0 takes any free one.</summary>
    public int Port { get; set; } = 5080;

    /// <summary>Gets or sets the answers that make a training step.</summary>
    public int Batch { get; set; } = 16;

    /// <summary>Gets or sets the learning rate; null takes the package's own.</summary>
    public double? Rate { get; set; }
}
