using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Images;

/// <summary>Turns images into a model's input, as the manifest's <see cref="ImagePreprocessing"/> says.</summary>
/// <remarks>
/// Resizing follows Pillow's resampling, which torchvision uses, but keeps fractions of a grey level that Pillow rounds away twice: results
/// agree within one grey level. Immutable; safe for use by several threads.
/// </remarks>
public sealed class ImageTensorizer
{
    private readonly ImagePreprocessing _preprocessing;

    /// <summary>Prepares a tensorizer.</summary>
    /// <param name="preprocessing">From the manifest, or one's own.</param>
    /// <exception cref="AutLearnException">The preprocessing is out of range; the message says where.</exception>
    public ImageTensorizer(ImagePreprocessing preprocessing)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (preprocessing.Problem() is { } problem)
            throw new AutLearnException($"The preprocessing is out of range: {problem}.");
        _preprocessing = preprocessing;
    }

    /// <summary>Gets what is done.</summary>
    public ImagePreprocessing Preprocessing => _preprocessing;

    /// <summary>Gets the number of values of one image.</summary>
    public int ValuesPerImage => _preprocessing.ValuesPerImage;

    /// <summary>Gets the number of bytes of one image in the type that the model takes.</summary>
    public int BytesPerImage => checked((int)_preprocessing.ElementType.SizeInBytes(ValuesPerImage));

    /// <summary>Gets the shorter side of which an image has enough detail, for <see cref="ImageDecoderOptions.MinSide"/>.</summary>
    /// <value>In pixels: twice what is used of it, so that no detail is lost; 0, the whole, where single pixels are picked.</value>
    public int SufficientSide => _preprocessing switch
    {
        { Filter: ImageFilter.Nearest or ImageFilter.BilinearPoint } => 0,
        { Fit: ImageFit.ResizeThenCrop } p => 2 * p.ResizeSide,
        { Fit: ImageFit.CropThenResize } p => (int)Math.Min(int.MaxValue, Math.Ceiling(2d * Math.Max(p.Width, p.Height) / p.CropFraction)),
        var p => 2 * Math.Max(p.Width, p.Height),
    };

    /// <summary>Writes one image as numbers, in the order of dimensions that the model takes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="destination">Of <see cref="ValuesPerImage"/> values. For a UInt8 model they are not rounded; <see cref="FillBytes"/> does.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void Fill(PixelImage image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length != ValuesPerImage)
            throw new ArgumentException($"The destination takes {destination.Length} values, not {ValuesPerImage}.", nameof(destination));
        var frame = ImageFrame.Of(_preprocessing, image.Width, image.Height);
        int length = frame.Columns.Targets * frame.Rows.Targets * ImageResampler.ValuesPerPixel;
        float[] rented = ArrayPool<float>.Shared.Rent(length);
        try
        {
            Span<float> levels = rented.AsSpan(0, length);
            ImageResampler.Resize(image, frame.Columns, frame.Rows, levels);
            for (int c = 0; c < _preprocessing.Channels; c++)
                Write(levels, frame, c, destination);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>Writes one image in the type that the model takes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="destination">Of <see cref="BytesPerImage"/> bytes, such as a part of a tensor's.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void FillBytes(PixelImage image, Span<byte> destination)
    {
        if (destination.Length != BytesPerImage)
            throw new ArgumentException($"The destination takes {destination.Length} bytes, not {BytesPerImage}.", nameof(destination));
        if (_preprocessing.ElementType == ElementType.Float32)
        {
            Fill(image, MemoryMarshal.Cast<byte, float>(destination));
            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(ValuesPerImage);
        try
        {
            Span<float> values = rented.AsSpan(0, ValuesPerImage);
            Fill(image, values);
            if (_preprocessing.ElementType == ElementType.Float16)
            {
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(destination));
                return;
            }

            for (int i = 0; i < values.Length; i++)
                destination[i] = (byte)Math.Clamp(MathF.Round(values[i]), 0, 255);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private void Write(ReadOnlySpan<float> levels, ImageFrame frame, int channel, Span<float> destination)
    {
        ImagePreprocessing p = _preprocessing;
        bool isPlanes = p.Layout == ImageTensorLayout.Nchw;
        int step = isPlanes ? 1 : p.Channels;
        int start = isPlanes ? channel * p.Width * p.Height : channel;
        float mean = p.Mean[channel];
        float std = p.Std[channel];
        int columns = frame.Columns.Targets;
        int rows = frame.Rows.Targets;
        if (columns < p.Width || rows < p.Height)
        {
            float pad = (p.PadLevel - mean) / std;
            for (int i = 0; i < p.Width * p.Height; i++)
                destination[start + (i * step)] = pad;
        }

        int color = p.Order == ImageChannelOrder.Bgr ? 2 - channel : channel;
        for (int y = 0; y < rows; y++)
        {
            ReadOnlySpan<float> row = levels.Slice(y * columns * ImageResampler.ValuesPerPixel, columns * ImageResampler.ValuesPerPixel);
            int at = start + ((((y + frame.Top) * p.Width) + frame.Left) * step);
            for (int x = 0; x < columns; x++, at += step)
            {
                ReadOnlySpan<float> pixel = row.Slice(x * ImageResampler.ValuesPerPixel, ImageResampler.ValuesPerPixel);

                // ITU-R BT.601 luma. A cubic goes beyond the levels that it lies between.
                float level = p.Channels == 1 ? (0.299f * pixel[0]) + (0.587f * pixel[1]) + (0.114f * pixel[2]) : pixel[color];
                destination[at] = (Math.Clamp(level, 0, 255) - mean) / std;
            }
        }
    }
}
