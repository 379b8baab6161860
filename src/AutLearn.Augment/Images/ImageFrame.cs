using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Images;

/// <summary>Where in the model's input the image stands, and what of the image it shows.</summary>
/// <param name="Left">Columns of padding on the left.</param>
/// <param name="Top">Rows of padding above.</param>
/// <param name="Columns">The weights along a row.</param>
/// <param name="Rows">The weights along a column.</param>
internal sealed record ImageFrame(int Left, int Top, ResampleWeights Columns, ResampleWeights Rows)
{
    /// <summary>Fits an image of some size into the model's input.</summary>
    public static ImageFrame Of(ImagePreprocessing preprocessing, int width, int height) => preprocessing.Fit switch
    {
        ImageFit.ResizeThenCrop => ResizeThenCrop(preprocessing, width, height),
        ImageFit.Squash => Whole(preprocessing, width, height, preprocessing.Width, preprocessing.Height),
        ImageFit.Letterbox => Letterbox(preprocessing, width, height),
        _ => CropThenResize(preprocessing, width, height),
    };

    private static ImageFrame CropThenResize(ImagePreprocessing p, int width, int height)
    {
        int side = Math.Max(1, (int)MathF.Round(Math.Min(width, height) * p.CropFraction));
        return new(
            0,
            0,
            ResampleWeights.Of(p.Filter, (width - side) / 2, side, (double)side / p.Width, 0, p.Width),
            ResampleWeights.Of(p.Filter, (height - side) / 2, side, (double)side / p.Height, 0, p.Height));
    }

    // torchvision.transforms.functional: the longer side is truncated, half pixels of the offset go to the even neighbour.
    private static ImageFrame ResizeThenCrop(ImagePreprocessing p, int width, int height)
    {
        int longer = (int)Math.Min(int.MaxValue, (double)p.ResizeSide * Math.Max(width, height) / Math.Min(width, height));
        (int newWidth, int newHeight) = width <= height ? (p.ResizeSide, longer) : (longer, p.ResizeSide);
        return new(
            0,
            0,
            ResampleWeights.Of(p.Filter, 0, width, (double)width / newWidth, (int)Math.Round((newWidth - p.Width) / 2d, MidpointRounding.ToEven), p.Width),
            ResampleWeights.Of(p.Filter, 0, height, (double)height / newHeight, (int)Math.Round((newHeight - p.Height) / 2d, MidpointRounding.ToEven), p.Height));
    }

    // Ultralytics' LetterBox: the odd pixel of padding goes to the right and below.
    private static ImageFrame Letterbox(ImagePreprocessing p, int width, int height)
    {
        double factor = Math.Min((double)p.Width / width, (double)p.Height / height);
        int newWidth = Math.Clamp((int)Math.Round(width * factor), 1, p.Width);
        int newHeight = Math.Clamp((int)Math.Round(height * factor), 1, p.Height);
        return Whole(p, width, height, newWidth, newHeight) with { Left = (p.Width - newWidth) / 2, Top = (p.Height - newHeight) / 2 };
    }

    private static ImageFrame Whole(ImagePreprocessing p, int width, int height, int newWidth, int newHeight) => new(
        0,
        0,
        ResampleWeights.Of(p.Filter, 0, width, (double)width / newWidth, 0, newWidth),
        ResampleWeights.Of(p.Filter, 0, height, (double)height / newHeight, 0, newHeight));
}
