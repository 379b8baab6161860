using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts;

/// <summary>A way of preparing images that a family of networks was trained with.</summary>
/// <remarks>
/// The networks of a family differ in size; <see cref="Create"/> takes it. Immutable; safe for use by several threads. Sources: torchvision's
/// ImageClassification transform, the preprocess_input functions of keras.applications with image_dataset_from_directory's resizing, the
/// preprocessor configurations of CLIP and ViT, timm's default configuration, Ultralytics' LetterBox, PyTorch's MNIST example.
/// </remarks>
public sealed class ImagePreprocessingPreset
{
    // The means and deviations of ImageNet's colours, on a scale of 0 to 1, red first.
    private static readonly ChannelValues ImageNetMean = new(0.485f, 0.456f, 0.406f);
    private static readonly ChannelValues ImageNetStd = new(0.229f, 0.224f, 0.225f);

    private ImagePreprocessingPreset(string name, string description, int side, float scale, ChannelValues mean, ChannelValues std)
    {
        Name = name;
        Description = description;
        Side = side;
        Scale = scale;
        Mean = mean;
        Std = std;
    }

    /// <summary>Gets all presets.</summary>
    public static ImmutableArray<ImagePreprocessingPreset> All { get; } =
    [
        new("centered", "centre square, -1 to 1", 224, 255, 127.5f, 127.5f),
        new("torchvision", "shorter side to 256/224 of the input, centre, ImageNet's mean and std", 224, 1, ImageNetMean, ImageNetStd) { Fit = ImageFit.ResizeThenCrop, ResizeRatio = 256d / 224 },
        new("timm", "as torchvision, bicubic", 224, 1, ImageNetMean, ImageNetStd) { Fit = ImageFit.ResizeThenCrop, ResizeRatio = 256d / 224, Filter = ImageFilter.Bicubic },
        new("clip", "shorter side to the input's, centre, bicubic, CLIP's mean and std", 224, 1, new(0.48145466f, 0.4578275f, 0.40821073f), new(0.26862954f, 0.26130258f, 0.27577711f)) { Fit = ImageFit.ResizeThenCrop, ResizeRatio = 1, Filter = ImageFilter.Bicubic },
        new("vit", "squashed, -1 to 1", 224, 1, 0.5f, 0.5f) { Fit = ImageFit.Squash },
        new("keras-mobilenet", "squashed, -1 to 1 (also Xception and Inception)", 224, 255, 127.5f, 127.5f) { Fit = ImageFit.Squash, Filter = ImageFilter.BilinearPoint },
        new("keras-resnet", "squashed, BGR, Caffe's means (also VGG)", 224, 255, new(103.939f, 116.779f, 123.68f), 1) { Fit = ImageFit.Squash, Filter = ImageFilter.BilinearPoint, Order = ImageChannelOrder.Bgr },
        new("keras-densenet", "squashed, ImageNet's mean and std", 224, 1, ImageNetMean, ImageNetStd) { Fit = ImageFit.Squash, Filter = ImageFilter.BilinearPoint },
        new("keras-efficientnet", "squashed, 0 to 255 (also MobileNet v3 and ConvNeXt)", 224, 255, 0, 1) { Fit = ImageFit.Squash, Filter = ImageFilter.BilinearPoint },
        new("yolo", "letterbox on grey 114, 0 to 1", 640, 1, 0, 1) { Fit = ImageFit.Letterbox, Filter = ImageFilter.BilinearPoint, PadLevel = 114 },
        new("mnist", "grey, squashed, MNIST's mean and std", 28, 1, 0.1307f, 0.3081f) { Fit = ImageFit.Squash, Channels = 1 },
        new("unit", "centre square, 0 to 1", 224, 1, 0, 1),
        new("none", "centre square, 0 to 255", 224, 255, 0, 1),
    ];

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets what it does, in words.</summary>
    public string Description { get; }

    /// <summary>Gets the side of the input where the model leaves it open, in pixels.</summary>
    public int Side { get; }

    /// <summary>Gets what white is before <see cref="Mean"/> and <see cref="Std"/>: 1 or 255.</summary>
    public float Scale { get; }

    /// <summary>Gets the means, in units of the scale, in the model's order of channels.</summary>
    public ChannelValues Mean { get; }

    /// <summary>Gets the standard deviations, in units of the scale, in the model's order of channels.</summary>
    public ChannelValues Std { get; }

    /// <summary>Gets the channels where the model leaves them open.</summary>
    public int Channels { get; private init; } = 3;

    /// <summary>Gets how the image is fitted.</summary>
    public ImageFit Fit { get; private init; }

    /// <summary>Gets the shorter side before the cut, as a multiple of the input's longer side.</summary>
    public double ResizeRatio { get; private init; } = 1;

    /// <summary>Gets the filter.</summary>
    public ImageFilter Filter { get; private init; }

    /// <summary>Gets the order of the channels.</summary>
    public ImageChannelOrder Order { get; private init; }

    /// <summary>Gets the grey level around the image.</summary>
    public float PadLevel { get; private init; }

    /// <summary>Finds a preset.</summary>
    /// <exception cref="ArgumentException">There is none of this name; the message lists them.</exception>
    public static ImagePreprocessingPreset Of(string name) =>
        All.FirstOrDefault(p => p.Name == name)
        ?? throw new ArgumentException($"There is no preset '{name}'; there are {string.Join(", ", All.Select(p => p.Name))}.", nameof(name));

    /// <summary>Gets the shorter side that images are resized to before the cut.</summary>
    /// <param name="width">The input's width.</param>
    /// <param name="height">The input's height.</param>
    /// <returns>In pixels; 0 where nothing is cut after resizing.</returns>
    public int ResizeSideOf(int width, int height) => Fit == ImageFit.ResizeThenCrop ? (int)Math.Round(Math.Max(width, height) * ResizeRatio) : 0;

    /// <summary>Applies the preset to a size.</summary>
    /// <param name="width">The input's width in pixels.</param>
    /// <param name="height">The input's height in pixels.</param>
    /// <param name="channels">1 or 3; null for what the preset has.</param>
    public ImagePreprocessing Create(int width, int height, int? channels = null)
    {
        float level = 255 / Scale;
        return new(width, height, channels ?? Channels, Mean.Select(v => v * level), Std.Select(v => v * level), CropFraction: 1)
        {
            Fit = Fit,
            ResizeSide = ResizeSideOf(width, height),
            Filter = Filter,
            Order = Order,
            PadLevel = PadLevel,
        };
    }
}
