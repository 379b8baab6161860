using System.Globalization;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>How an image becomes a model's input: fitted to a size, then (grey level - mean) / std of each channel.</summary>
/// <param name="Width">The input width in pixels, from 1 to <see cref="LargestSide"/>.</param>
/// <param name="Height">The input height in pixels, from 1 to <see cref="LargestSide"/>.</param>
/// <param name="Channels">3 for colours, 1 for grey (ITU-R BT.601 luma). Grey images fill all three channels of a coloured input.</param>
/// <param name="Mean">Subtracted from each channel, in grey levels from 0 to 255.</param>
/// <param name="Std">Divides each channel, in grey levels; not 0. 255 with a mean of 0 gives 0 to 1.</param>
/// <param name="CropFraction">Of <see cref="ImageFit.CropThenResize"/>: the side of the centred square that is used, as a fraction of the shorter side, in (0, 1].</param>
/// <remarks>
/// What stands only here and not in manifests of earlier versions has a value that means what those meant. Immutable; safe for use by
/// several threads.
/// </remarks>
public sealed record ImagePreprocessing(int Width, int Height, int Channels, ChannelValues Mean, ChannelValues Std, float CropFraction)
{
    /// <summary>The most pixels that a side may have.</summary>
    public const int LargestSide = 16_384;

    private const long MostValues = 1L << 28;

    /// <summary>Gets how images of any shape become the model's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImageFit Fit { get; init; }

    /// <summary>Gets what the shorter side becomes before the centre is cut out.</summary>
    /// <value>Of <see cref="ImageFit.ResizeThenCrop"/>: in pixels, at least the longer side of the input; 0 otherwise.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ResizeSide { get; init; }

    /// <summary>Gets how pixels between pixels are found.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImageFilter Filter { get; init; }

    /// <summary>Gets the order of three channels.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImageChannelOrder Order { get; init; }

    /// <summary>Gets the order of the tensor's dimensions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImageTensorLayout Layout { get; init; }

    /// <summary>Gets the level around the image, before mean and std.</summary>
    /// <value>Of <see cref="ImageFit.Letterbox"/>: a grey level from 0 to 255; 0 otherwise.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float PadLevel { get; init; }

    /// <summary>Gets the type of the model's input.</summary>
    /// <value>Float32, Float16 or UInt8 (rounded to the nearest, ties to even, and clipped); Float32 where a manifest says nothing.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ElementType InputType { get; init; }

    /// <summary>Gets the type of the model's input, said or not.</summary>
    [JsonIgnore]
    public ElementType ElementType => InputType == ElementType.Undefined ? ElementType.Float32 : InputType;

    /// <summary>Gets the number of values of one image.</summary>
    [JsonIgnore]
    public int ValuesPerImage => checked(Width * Height * Channels);

    /// <summary>Gets one text for each preprocessing: two that differ in it give other tensors.</summary>
    [JsonIgnore]
    public string Key
    {
        get
        {
            string basis = string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height}x{Channels} {Mean} {Std} {CropFraction:R}");
            bool isPlain = Fit == ImageFit.CropThenResize && Filter == ImageFilter.Bilinear && Order == ImageChannelOrder.Rgb && Layout == ImageTensorLayout.Nchw && ElementType == ElementType.Float32;
            return isPlain ? basis : string.Create(CultureInfo.InvariantCulture, $"{basis} {Fit} {ResizeSide} {Filter} {Order} {Layout} {PadLevel:R} {ElementType}");
        }
    }

    /// <summary>Gets the dimensions of a tensor of some images.</summary>
    /// <param name="rows">The number of images.</param>
    public long[] Dimensions(int rows) => Layout == ImageTensorLayout.Nhwc ? [rows, Height, Width, Channels] : [rows, Channels, Height, Width];

    /// <summary>Finds what cannot be.</summary>
    /// <returns>What is wrong, in words; null where nothing is.</returns>
    public string? Problem() =>
        Width is < 1 or > LargestSide || Height is < 1 or > LargestSide ? $"its input of {Width}x{Height} pixels is not between 1 and {LargestSide} a side"
        : Channels is not (1 or 3) ? $"it asks for {Channels} channels, where 1 or 3 are possible"
        : (long)Width * Height * Channels > MostValues ? $"its input of {Width}x{Height}x{Channels} has more than {MostValues} values"
        : !Mean.AreFinite || !Std.AreFinite || Std.First == 0 || Std.Second == 0 || Std.Third == 0 ? $"its mean {Mean} and std {Std} are not finite, or std is 0"
        : !(CropFraction is > 0 and <= 1) ? string.Create(CultureInfo.InvariantCulture, $"its crop fraction {CropFraction} is not in (0, 1]")
        : !Enum.IsDefined(Fit) || !Enum.IsDefined(Filter) || !Enum.IsDefined(Order) || !Enum.IsDefined(Layout) ? "it names a fit, filter, order or layout that is not known"
        : Fit == ImageFit.ResizeThenCrop && (ResizeSide < Math.Max(Width, Height) || ResizeSide > LargestSide) ? $"its shorter side of {ResizeSide} is not between the input's longer side, {Math.Max(Width, Height)}, and {LargestSide}"
        : !(PadLevel is >= 0 and <= 255) ? string.Create(CultureInfo.InvariantCulture, $"its pad level {PadLevel} is not between 0 and 255")
        : ElementType is not (ElementType.Float32 or ElementType.Float16 or ElementType.UInt8) ? $"it makes {ElementType}, where Float32, Float16 and UInt8 are possible"
        : null;
}
