using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Reports;

/// <summary>Says in one line how images become a model's input.</summary>
internal static class PreprocessingText
{
    public static string Of(ImagePreprocessing p)
    {
        string colors = p.Channels == 1 ? "grey" : p.Order == ImageChannelOrder.Bgr ? "BGR" : "RGB";
        string fit = p.Fit switch
        {
            ImageFit.ResizeThenCrop => $"shorter side to {p.ResizeSide}, centre cut out",
            ImageFit.Squash => "squashed",
            ImageFit.Letterbox => string.Create(CultureInfo.InvariantCulture, $"letterbox on {p.PadLevel}"),
            _ => p.CropFraction == 1 ? "centre square" : string.Create(CultureInfo.InvariantCulture, $"centre square of {p.CropFraction} of the shorter side"),
        };
        string filter = p.Filter switch
        {
            ImageFilter.Bicubic => "bicubic",
            ImageFilter.Nearest => "nearest",
            ImageFilter.BilinearPoint => "bilinear without antialiasing",
            _ => "bilinear",
        };
        string layout = p.Layout == ImageTensorLayout.Nhwc ? "NHWC" : "NCHW";
        return $"{p.Width}x{p.Height} {colors}, {fit}, {filter}, (level of 0 to 255 - {Numbers(p.Mean)}) / {Numbers(p.Std)}, {layout} {p.ElementType}";
    }

    private static string Numbers(ChannelValues values) => values.AreEqual
        ? values.First.ToString("0.###", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"[{values.First:0.###} {values.Second:0.###} {values.Third:0.###}]");
}
