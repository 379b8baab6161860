using AutLearn.Augment.Images;
using BenchmarkDotNet.Attributes;
using SkiaSharp;

namespace AutLearn.Benchmarks.Augmentation;

/// <summary>One 640x480 source to one augmented 224x224 tensor; Skia's own draw with the same map as the baseline.</summary>
[Config(typeof(MicroConfig))]
public class ImageAugmentationBenchmark : IDisposable
{
    private static readonly TensorLayout Layout = new(224, 224, 3, 127.5f, 127.5f);

    private readonly ImagePipeline _photos = ImagePresets.Photos(1);
    private readonly ImagePipeline _affine = new(new ImagePipelineOptions { Steps = [new RotationStep(15), new ScaleStep(0.9, 1.2), new TranslationStep(0.05, 0.05)] });
    private readonly float[] _tensor = new float[Layout.Length];
    private readonly SKImageInfo _outputInfo = new(224, 224, SKColorType.Rgba8888, SKAlphaType.Premul);
    private PixelImage _source = null!;
    private SKImage _skiaSource = null!;
    private SKSurface _surface = null!;
    private byte[] _jpeg = [];
    private long _sample;

    [GlobalSetup]
    public unsafe void Setup()
    {
        uint[] pixels = new uint[320 * 240];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i % 320;
            int y = i / 320;
            pixels[i] = 0xFF000000 | ((uint)(127 + (100 * Math.Sin(x * 0.05))) << 16) | ((uint)(127 + (90 * Math.Cos(y * 0.07))) << 8) | (uint)((x ^ y) & 255);
        }

        _source = new PixelImage(320, 240, pixels);
        var info = new SKImageInfo(320, 240, SKColorType.Rgba8888, SKAlphaType.Opaque);
        fixed (uint* p = pixels)
            _skiaSource = SKImage.FromPixelCopy(info, (nint)p, 320 * 4);
        _surface = SKSurface.Create(_outputInfo);
        using var large = SKSurface.Create(new SKImageInfo(640, 480, SKColorType.Rgba8888, SKAlphaType.Opaque));
        large.Canvas.Scale(2);
        large.Canvas.DrawImage(_skiaSource, 0, 0, new SKSamplingOptions(SKFilterMode.Linear), null);
        using SKImage snapshot = large.Snapshot();
        using SKData data = snapshot.Encode(SKEncodedImageFormat.Jpeg, 88);
        _jpeg = data.ToArray();
    }

    /// <summary>Skia draws the mapped image, then its pixels become the normalised planes that a model takes.</summary>
    [Benchmark(Baseline = true)]
    public float SkiaDrawToTensor()
    {
        ImagePlan plan = _affine.Plan(_source, Layout, _sample++);
        Draw(plan);
        using SKPixmap pixmap = _surface.PeekPixels();
        ReadOnlySpan<byte> pixels = pixmap.GetPixelSpan();
        const int plane = 224 * 224;
        for (int i = 0; i < plane; i++)
        {
            _tensor[i] = (pixels[4 * i] - 127.5f) / 127.5f;
            _tensor[plane + i] = (pixels[(4 * i) + 1] - 127.5f) / 127.5f;
            _tensor[(2 * plane) + i] = (pixels[(4 * i) + 2] - 127.5f) / 127.5f;
        }

        return _tensor[0];
    }

    /// <summary>Skia's draw alone, without the tensor.</summary>
    [Benchmark]
    public SKSurface SkiaDrawOnly()
    {
        Draw(_affine.Plan(_source, Layout, _sample++));
        return _surface;
    }

    /// <summary>The same map in one pass to the tensor.</summary>
    [Benchmark]
    public float AutLearnAffine()
    {
        _affine.Augment(_source, Layout, _tensor, _sample++);
        return _tensor[0];
    }

    /// <summary>The preset for photos: crop, flip, rotation, brightness, contrast, saturation, noise.</summary>
    [Benchmark]
    public float AutLearnPhotos()
    {
        _photos.Augment(_source, Layout, _tensor, _sample++);
        return _tensor[0];
    }

    /// <summary>From the bytes of a 640x480 JPEG, decoded at the smallest size that serves.</summary>
    [Benchmark]
    public float AutLearnPhotosFromJpeg()
    {
        PixelImage decoded = ImageDecoder.Decode(_jpeg, "benchmark", new ImageDecoderOptions { MinSide = 224 });
        _photos.Augment(decoded, Layout, _tensor, _sample++);
        return _tensor[0];
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _skiaSource?.Dispose();
        _surface?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Draw(ImagePlan plan)
    {
        AffineTransform content = plan.OutputToSource.Inverse();
        _surface.Canvas.Clear(SKColors.Black);
        _surface.Canvas.SetMatrix(new SKMatrix(
            (float)content.A, (float)content.B, (float)content.C, (float)content.D, (float)content.E, (float)content.F, 0, 0, 1));
        _surface.Canvas.DrawImage(_skiaSource, 0, 0, new SKSamplingOptions(SKFilterMode.Linear), null);
    }
}
