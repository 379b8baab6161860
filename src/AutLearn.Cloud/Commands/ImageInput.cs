using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>What a model's only input says of the images it takes.</summary>
/// <param name="Type">Float32, Float16 or UInt8.</param>
/// <param name="Layout">The order of the dimensions; null where the shape does not tell.</param>
/// <param name="Channels">1 or 3; null where open.</param>
/// <param name="Height">In pixels; null where open.</param>
/// <param name="Width">In pixels; null where open.</param>
internal sealed record ImageInput(ElementType Type, ImageTensorLayout? Layout, int? Channels, int? Height, int? Width)
{
    /// <summary>What a model must have, in words.</summary>
    public const string Need = "one input, Float32, Float16 or UInt8, [N, channels, height, width] or [N, height, width, channels] with 1 or 3 channels";

    /// <summary>Reads a model's input.</summary>
    /// <param name="model">With inferred types.</param>
    /// <param name="wanted">The layout that a person names; null where the shape decides.</param>
    /// <returns>Null where the model does not take one image a sample.</returns>
    public static ImageInput? Of(OnnxModel model, ImageTensorLayout? wanted)
    {
        Value[] inputs = [.. model.Graph.Inputs.Where(i => i.Initializer is null)];
        if (inputs is not [{ ElementType: ElementType.Float32 or ElementType.Float16 or ElementType.UInt8, Shape: { Rank: 4 } shape } input])
            return null;
        long?[] sizes = [.. shape.Select(d => d.IsKnown ? d.Size : (long?)null)];
        bool planes = IsChannels(sizes[1]) && wanted != ImageTensorLayout.Nhwc;
        bool pixels = !planes && IsChannels(sizes[3]) && wanted != ImageTensorLayout.Nchw;
        bool isOpen = !planes && !pixels && sizes[wanted == ImageTensorLayout.Nhwc ? 3 : 1] is null && wanted is not null;
        if (!planes && !pixels && !isOpen)
            return null;
        ImageTensorLayout layout = wanted ?? (planes ? ImageTensorLayout.Nchw : ImageTensorLayout.Nhwc);
        (long? channels, long? height, long? width) = layout == ImageTensorLayout.Nhwc ? (sizes[3], sizes[1], sizes[2]) : (sizes[1], sizes[2], sizes[3]);
        return IsSide(height) && IsSide(width) ? new(input.ElementType, layout, (int?)channels, (int?)height, (int?)width) : null;
    }

    private static bool IsChannels(long? size) => size is 1 or 3;

    private static bool IsSide(long? size) => size is null or (> 0 and <= ImagePreprocessing.LargestSide);
}
