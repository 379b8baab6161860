using System.Collections.Immutable;

namespace AutLearn.Augment.Images;

/// <summary>Accumulates what the steps of a pipeline draw: one view of the source, one change of colour.</summary>
internal sealed class ImagePlanBuilder
{
    private readonly TensorLayout _layout;
    private readonly ImmutableArray<PixelRectangle>.Builder _cutouts = ImmutableArray.CreateBuilder<PixelRectangle>();
    private AffineTransform _canvasToSource = AffineTransform.Identity;
    private ColorTransform _color = ColorTransform.Identity;

    public ImagePlanBuilder(int sourceWidth, int sourceHeight, TensorLayout layout)
    {
        Width = sourceWidth;
        Height = sourceHeight;
        _layout = layout;
    }

    /// <summary>Gets the canvas width, in units of source pixels.</summary>
    public double Width { get; private set; }

    /// <summary>Gets the canvas height, in units of source pixels.</summary>
    public double Height { get; private set; }

    public float NoiseSigma { get; set; }

    /// <summary>Moves the content of the canvas; sampling needs the inverse.</summary>
    public void Move(AffineTransform content) =>
        _canvasToSource = _canvasToSource.After(content.About(Width / 2, Height / 2).Inverse());

    /// <summary>Restricts the canvas to a rectangle of itself.</summary>
    public void Crop(double x, double y, double width, double height)
    {
        _canvasToSource = _canvasToSource.After(AffineTransform.Translation(x, y));
        Width = width;
        Height = height;
    }

    public void Recolor(ColorTransform change) => _color = change.After(_color);

    public void CutOut(double x, double y, double width, double height)
    {
        int left = (int)Math.Clamp(Math.Round(x * _layout.Width), 0, _layout.Width);
        int top = (int)Math.Clamp(Math.Round(y * _layout.Height), 0, _layout.Height);
        int right = (int)Math.Clamp(Math.Round((x + width) * _layout.Width), left, _layout.Width);
        int bottom = (int)Math.Clamp(Math.Round((y + height) * _layout.Height), top, _layout.Height);
        if (right > left && bottom > top)
            _cutouts.Add(new(left, top, right - left, bottom - top));
    }

    public ImagePlan Build(long noiseSeed) => new(
        _canvasToSource.After(AffineTransform.Scaling(Width / _layout.Width, Height / _layout.Height)),
        _color,
        NoiseSigma,
        noiseSeed,
        _cutouts.ToImmutable());
}
