using System.Collections.Immutable;
using AutLearn.Augment.Images;
using AutLearn.Augment.Randomness;
using SkiaSharp;

namespace AutLearn.Augment.Tests.Images;

[Trait("Category", "Conformance")]
public sealed class ImagePipelineTests
{
    private static readonly TensorLayout Levels = new(96, 80, 3, 0, 1);
    private static readonly PixelImage Source = Scene(128, 100);

    public static TheoryData<string> Operations => new(Maps.Keys);

    private static Dictionary<string, AffineTransform> Maps { get; } = new()
    {
        ["identity"] = AffineTransform.Identity,
        ["flip horizontal"] = AffineTransform.Scaling(-1, 1).About(64, 50),
        ["flip vertical"] = AffineTransform.Scaling(1, -1).About(64, 50),
        ["rotation"] = AffineTransform.Rotation(17).About(64, 50),
        ["scale up"] = AffineTransform.Scaling(1.4, 1.4).About(64, 50),
        ["scale down"] = AffineTransform.Scaling(0.7, 0.7).About(64, 50),
        ["crop"] = AffineTransform.Translation(-13.25, -7.5),
        ["translation"] = AffineTransform.Translation(9.3, -4.8),
        ["shear"] = AffineTransform.Shear(0.2, 0).About(64, 50),
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public void Render_Geometry_AgreesWithSkia(string operation)
    {
        AffineTransform content = Maps[operation];
        ImagePlan plan = PlanOf(content.Inverse());
        var pipeline = new ImagePipeline(new ImagePipelineOptions { Border = BorderMode.Constant });
        float[] tensor = new float[Levels.Length];
        pipeline.Render(Source, plan, Levels, tensor);

        byte[] expected = DrawWithSkia(Source, content);
        double difference = 0;
        for (int i = 0; i < Levels.Width * Levels.Height; i++)
        {
            for (int c = 0; c < 3; c++)
                difference += Math.Abs(tensor[(c * Levels.Width * Levels.Height) + i] - expected[(4 * i) + c]);
        }

        Assert.InRange(difference / Levels.Length, 0, 1);
    }

    [Fact]
    public void Render_Color_MatchesTheFormula()
    {
        ColorTransform color = ColorTransform.Saturation(0.5f).After(ColorTransform.Contrast(1.2f).After(ColorTransform.Brightness(20)));
        ImagePlan plan = PlanOf(AffineTransform.Identity) with { Color = color };
        float[] tensor = new float[Levels.Length];
        new ImagePipeline(new ImagePipelineOptions()).Render(Source, plan, Levels, tensor);
        uint pixel = Source.Pixels[(10 * Source.Width) + 20];
        double[] rgb = [.. new[] { pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255 }.Select(v => ((v + 20) * 1.2) + (127.5 * (1 - 1.2)))];
        double luma = (0.299 * rgb[0]) + (0.587 * rgb[1]) + (0.114 * rgb[2]);
        for (int c = 0; c < 3; c++)
        {
            double expected = Math.Clamp((0.5 * rgb[c]) + (0.5 * luma), 0, 255);
            Assert.Equal(expected, tensor[(c * 96 * 80) + (10 * 96) + 20], 2e-3);
        }
    }

    [Fact]
    public void Render_Noise_HasTheDeviation()
    {
        PixelImage grey = PixelImage.FromGrey(8, 8, Enumerable.Repeat((byte)128, 64).ToArray());
        var layout = new TensorLayout(224, 224, 3, 0, 1);
        float[] tensor = new float[layout.Length];
        new ImagePipeline(new ImagePipelineOptions()).Render(grey, PlanOf(AffineTransform.Identity) with { NoiseSigma = 10, NoiseSeed = 4 }, layout, tensor);
        double mean = tensor.Average();
        double deviation = Math.Sqrt(tensor.Average(v => (v - mean) * (v - mean)));
        Assert.InRange(mean, 127.8, 128.2);
        Assert.InRange(deviation, 9.9, 10.1);

        // Neighbours in a row, in a column and across channels are uncorrelated.
        foreach (int lag in new[] { 1, 224, 224 * 224 })
        {
            double covariance = Enumerable.Range(0, 224 * 224).Average(i => (tensor[i] - mean) * (tensor[i + lag] - mean));
            Assert.InRange(covariance / 100, -0.03, 0.03);
        }
    }

    [Fact]
    public void Augment_ComposedSteps_EqualSequentialWithinInterpolationError()
    {
        // Rotating by 12 and then by -5 degrees in one pass against one rotation by 7 degrees.
        var square = new TensorLayout(100, 100, 3, 0, 1);
        PixelImage scene = Scene(100, 100);
        AffineTransform twice = AffineTransform.Rotation(12).About(50, 50).After(AffineTransform.Rotation(-5).About(50, 50));
        AffineTransform once = AffineTransform.Rotation(7).About(50, 50);
        float[] first = Render(scene, twice.Inverse(), square);
        float[] second = Render(scene, once.Inverse(), square);
        Assert.All(first.Zip(second), p => Assert.Equal(p.First, p.Second, 0.02));

        // Sequential rendering resamples twice: close in the mean, but blurred.
        float[] intermediate = Render(scene, AffineTransform.Rotation(-5).About(50, 50).Inverse(), square);
        uint[] pixels = new uint[100 * 100];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 0xFF000000 | ((uint)MathF.Round(intermediate[20000 + i]) << 16) | ((uint)MathF.Round(intermediate[10000 + i]) << 8) | (uint)MathF.Round(intermediate[i]);
        float[] sequential = Render(new PixelImage(100, 100, pixels), AffineTransform.Rotation(12).About(50, 50).Inverse(), square);
        Assert.InRange(first.Zip(sequential).Average(p => Math.Abs(p.First - p.Second)), 0, 3);
    }

    [Theory]
    [InlineData(BorderMode.Edge, new[] { 0, 0, 0, 1, 2, 3, 3, 3 })]
    [InlineData(BorderMode.Reflect, new[] { 2, 1, 0, 1, 2, 3, 2, 1 })]
    [InlineData(BorderMode.Constant, new[] { 9, 9, 0, 1, 2, 3, 9, 9 })]
    public void Render_Border_TakesTheRightPixels(BorderMode border, int[] expected)
    {
        PixelImage row = PixelImage.FromGrey(4, 1, [0, 1, 2, 3]);
        var layout = new TensorLayout(8, 1, 1, 0, 1);
        foreach (Interpolation interpolation in Enum.GetValues<Interpolation>())
        {
            var pipeline = new ImagePipeline(new ImagePipelineOptions { Border = border, Interpolation = interpolation, Fill = 0xFF090909 });
            float[] tensor = new float[8];
            pipeline.Render(row, PlanOf(AffineTransform.Translation(-2, 0)), layout, tensor);
            Assert.Equal(expected.Select(e => (float)e), tensor.Select(t => MathF.Round(t, 3)));
        }
    }

    [Fact]
    public void Augment_ScaledFarDown_AveragesInsteadOfAliasing()
    {
        byte[] stripes = [.. Enumerable.Range(0, 256 * 256).Select(i => (byte)(i % 2 == 0 ? 0 : 255))];
        var layout = new TensorLayout(32, 32, 1, 0, 1);
        float[] tensor = new float[layout.Length];
        new ImagePipeline(new ImagePipelineOptions()).Augment(PixelImage.FromGrey(256, 256, stripes), layout, tensor, 0);
        Assert.All(tensor, v => Assert.InRange(v, 126, 129));
    }

    [Fact]
    public void Plan_SameKeys_SamePlan_WhateverTheOrder()
    {
        ImagePipeline pipeline = ImagePresets.Photos(5);
        ImagePlan[] forwards = [.. Enumerable.Range(0, 20).Select(i => pipeline.Plan(Source, Levels, i, 1))];
        ImagePlan[] backwards = [.. Enumerable.Range(0, 20).Reverse().Select(i => pipeline.Plan(Source, Levels, i, 1)).Reverse()];
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(forwards[i].OutputToSource, backwards[i].OutputToSource);
            Assert.Equal(forwards[i].NoiseSeed, backwards[i].NoiseSeed);
        }

        Assert.Equal(20, forwards.Select(p => p.OutputToSource).Distinct().Count());
        Assert.NotEqual(forwards[0].OutputToSource, pipeline.Plan(Source, Levels, 0, 2).OutputToSource);
    }

    [Fact]
    public void Json_RoundTrip_DrawsTheSame()
    {
        var pipeline = new ImagePipeline(new ImagePipelineOptions
        {
            Seed = 9,
            Border = BorderMode.Reflect,
            Steps =
            [
                new ComposeStep([new RotationStep(5), new FlipStep(FlipAxis.Vertical)]) { Probability = 0.7 },
                new OneOfStep([new BrightnessStep(0.3), new NoiseStep(4)]),
                new SomeOfStep([new ShearStep(5), new ScaleStep(0.8, 1.2), new CutoutStep(2, 0.2)], 2),
                new FiveCropStep(0.8),
                new CenterCropStep(0.9),
            ],
        });
        ImagePipeline copy = ImagePipeline.FromJson(pipeline.ToJson());
        Assert.Equal(pipeline.ToJson(), copy.ToJson());
        for (int sample = 0; sample < 10; sample++)
        {
            float[] first = new float[Levels.Length];
            float[] second = new float[Levels.Length];
            pipeline.Augment(Source, Levels, first, sample);
            copy.Augment(Source, Levels, second, sample);
            Assert.Equal(first, second);
        }
    }

    [Fact]
    public void PlanJson_RoundTrip_RendersTheSameBits()
    {
        var pipeline = new ImagePipeline(new ImagePipelineOptions { Steps = [.. ImagePresets.Photos(3).Options.Steps, new CutoutStep(2, 0.3)], Border = BorderMode.Reflect });
        ImagePlan plan = pipeline.Plan(Source, Levels, 8, 2);
        float[] first = new float[Levels.Length];
        float[] second = new float[Levels.Length];
        pipeline.Render(Source, plan, Levels, first);
        pipeline.Render(Source, ImagePlan.FromJson(plan.ToJson()), Levels, second);
        Assert.Equal(first, second);
        Assert.Throws<InvalidDataException>(() => ImagePlan.FromJson("[1]"));
    }

    [Fact]
    public void Render_PlanOutsideTheImage_IsRefused()
    {
        var pipeline = new ImagePipeline(new ImagePipelineOptions());
        float[] tensor = new float[Levels.Length];
        Assert.Throws<ArgumentException>(() => pipeline.Render(Source, PlanOf(AffineTransform.Identity) with { Cutouts = [new(90, 0, 10, 1)] }, Levels, tensor));
        Assert.Throws<ArgumentException>(() => pipeline.Render(Source, PlanOf(new(double.NaN, 0, 0, 0, 1, 0)), Levels, tensor));
    }

    [Fact]
    public async Task BatchAndStream_EqualSingleCalls()
    {
        ImagePipeline pipeline = ImagePresets.Handwriting(4);
        ImageSample[] samples = [new(Source, 5), new(Source, 9)];
        float[] batch = new float[2 * Levels.Length];
        pipeline.AugmentBatch(samples, Levels, batch, epoch: 3);
        int i = 0;
        await foreach (float[] tensor in pipeline.AugmentStream(Stream(samples), Levels, epoch: 3))
            Assert.Equal(batch.AsSpan(i++ * Levels.Length, Levels.Length).ToArray(), tensor);
        Assert.Equal(2, i);

        static async IAsyncEnumerable<ImageSample> Stream(ImageSample[] samples)
        {
            foreach (ImageSample sample in samples)
            {
                await Task.Yield();
                yield return sample;
            }
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"steps\":[{\"op\":\"explode\"}]}")]
    [InlineData("{\"steps\":null}")]
    [InlineData("{\"steps\":[null]}")]
    [InlineData("{\"steps\":[{\"op\":\"compose\",\"steps\":[null]}]}")]
    [InlineData("{\"steps\":[{\"op\":\"one_of\"}]}")]
    [InlineData("{\"steps\":[{\"op\":\"some_of\",\"steps\":[{\"op\":\"flip\",\"axis\":\"horizontal\"}],\"count\":2}]}")]
    [InlineData("{\"steps\":[{\"op\":\"flip\",\"axis\":7}]}")]
    [InlineData("{\"border\":9}")]
    [InlineData("{\"interpolation\":9}")]
    [InlineData("{\"steps\":[{\"op\":\"rotation\",\"max_degrees\":1e999}]}")]
    [InlineData("{\"steps\":[{\"steps\":[],\"op\":\"compose\"}]}")]
    [InlineData("{\"steps\":[{\"op\":\"rotation\",\"max_degrees\":999}]}")]
    public void FromJson_Bad_SaysWhatIsWrong(string json) =>
        Assert.Contains("image pipeline", Assert.Throws<InvalidDataException>(() => ImagePipeline.FromJson(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void SomeOf_Draws_ExactlyTheCountUniformly()
    {
        var pipeline = new ImagePipeline(new ImagePipelineOptions
        {
            Steps = [new SomeOfStep([new BrightnessStep(1), new NoiseStep(5), new ShearStep(20)], 2)],
        });
        int[] taken = new int[3];
        for (int sample = 0; sample < 3000; sample++)
        {
            ImagePlan plan = pipeline.Plan(Source, Levels, sample);
            bool[] used = [plan.Color != ColorTransform.Identity, plan.NoiseSigma > 0, plan.OutputToSource.B != 0];
            Assert.Equal(2, used.Count(u => u));
            for (int i = 0; i < 3; i++)
                taken[i] += used[i] ? 1 : 0;
        }

        Assert.All(taken, t => Assert.InRange(t, 1900, 2100));
    }

    [Fact]
    public void Cutout_FillsWithZero_InsideTheRectangleOnly()
    {
        ImagePlan plan = PlanOf(AffineTransform.Identity) with { Cutouts = [new PixelRectangle(10, 5, 4, 3)] };
        PixelImage white = PixelImage.FromGrey(96, 80, Enumerable.Repeat((byte)255, 96 * 80).ToArray());
        float[] tensor = new float[Levels.Length];
        new ImagePipeline(new ImagePipelineOptions()).Render(white, plan, Levels, tensor);
        Assert.Equal(3 * 12, tensor.Count(v => v == 0));
        Assert.Equal(0, tensor[(5 * 96) + 10]);
        Assert.Equal(0, tensor[(2 * 96 * 80) + (7 * 96) + 13]);
    }

    [Fact]
    public void Render_Warm_AllocatesNothing()
    {
        ImagePipeline pipeline = ImagePresets.Photos();
        ImagePlan plan = pipeline.Plan(Source, Levels, 3) with { NoiseSigma = 2 };
        float[] tensor = new float[Levels.Length];
        pipeline.Render(Source, plan, Levels, tensor);
        long before = GC.GetAllocatedBytesForCurrentThread();
        pipeline.Render(Source, plan, Levels, tensor);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Mixup_Weight_HasTheBetaMoments()
    {
        CounterRandom random = CounterRandom.For(2);
        double[] weights = [.. Enumerable.Range(0, 20000).Select(_ => (double)Mixup.DrawWeight(0.4, ref random))];
        double mean = weights.Average();

        // Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
        Assert.InRange(mean, 0.49, 0.51);
        Assert.InRange(weights.Average(w => (w - mean) * (w - mean)), (1 / 7.2) - 0.005, (1 / 7.2) + 0.005);
        float[] blended = [1, 2];
        Mixup.Blend(blended, [3, 6], 0.75f);
        Assert.Equal([1.5f, 3f], blended);
    }

    private static ImagePlan PlanOf(AffineTransform outputToSource) =>
        new(outputToSource, ColorTransform.Identity, 0, 0, ImmutableArray<PixelRectangle>.Empty);

    private static float[] Render(PixelImage image, AffineTransform outputToSource, TensorLayout layout)
    {
        float[] tensor = new float[layout.Length];
        new ImagePipeline(new ImagePipelineOptions()).Render(image, PlanOf(outputToSource), layout, tensor);
        return tensor;
    }

    // Smooth waves with some hard edges, so that interpolation errors show.
    private static PixelImage Scene(int width, int height)
    {
        uint[] pixels = new uint[width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                uint red = (uint)(127 + (120 * Math.Sin(x * 0.15)));
                uint green = (uint)(127 + (120 * Math.Cos((y * 0.12) + (x * 0.05))));
                uint blue = (x / 16) + (y / 16) % 2 == 0 ? 220u : 40u;
                pixels[(y * width) + x] = 0xFF000000 | (blue << 16) | (green << 8) | red;
            }
        }

        return new(width, height, pixels);
    }

    private static unsafe byte[] DrawWithSkia(PixelImage image, AffineTransform content)
    {
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        fixed (uint* pixels = image.Pixels)
        {
            using SKImage source = SKImage.FromPixelCopy(info, (nint)pixels, image.Width * 4);
            using SKSurface surface = SKSurface.Create(new SKImageInfo(Levels.Width, Levels.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
            surface.Canvas.Clear(SKColors.Black);
            surface.Canvas.SetMatrix(new SKMatrix(
                (float)content.A, (float)content.B, (float)content.C, (float)content.D, (float)content.E, (float)content.F, 0, 0, 1));
            surface.Canvas.DrawImage(source, 0, 0, new SKSamplingOptions(SKFilterMode.Linear), null);
            using SKImage snapshot = surface.Snapshot();
            using SKPixmap result = snapshot.PeekPixels();
            return result.GetPixelSpan().ToArray();
        }
    }
}
