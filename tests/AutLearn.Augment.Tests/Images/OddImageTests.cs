using AutLearn.Augment.Images;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Augment.Tests.Images;

/// <summary>Odd image files have the right pixels, whichever decoder reads them.</summary>
[Trait("Category", "Conformance")]
public sealed class OddImageTests
{
    // In grey levels: what decoders of JPEG round differently, and edges that subsampled colour blurs are not looked at.
    private const int JpegTolerance = 6;

    public static TheoryData<string, string> Upright => Both(OddImages.Upright);

    public static TheoryData<string, string, uint> Greys
    {
        get
        {
            var data = new TheoryData<string, string, uint>();
            foreach (string decoder in DecoderKinds.Names)
            {
                data.Add(decoder, "grey 16", 195);
                data.Add(decoder, "grey and alpha 16", 195);
                data.Add(decoder, "grey 1", 255);
                data.Add(decoder, "transparent level", 255);
                data.Add(decoder, "other level", 90);
                data.Add(decoder, "black, clear", 255);
                data.Add(decoder, "black, half clear", 127);
                data.Add(decoder, "white, clear", 255);
            }

            return data;
        }
    }

    public static TheoryData<string, string> Whole => Both(["exif1.jpg", "progressive.jpg", "exif1.png", "gif.gif", "exif1.webp", "bmp.bmp", "tif.tif", "ppm.ppm", "tga.tga"]);

    [Theory]
    [MemberData(nameof(Upright))]
    public void Decode_EachKind_ShowsTheUprightPicture(string decoder, string name)
    {
        PixelImage image = ImageDecoder.Decode(OddImages.Of(name), name, decoder: DecoderKinds.Of(decoder));
        Assert.Equal((OddImages.Width, OddImages.Height), (image.Width, image.Height));
        int tolerance = name.EndsWith(".jpg", StringComparison.Ordinal) || name == "renamed.txt" ? JpegTolerance : 0;
        AssertNear(0xFFFFFFFF, image, 8, 2, tolerance);
        AssertNear(0xFF1E1EC8, image, 6, 16, tolerance);
        AssertNear(0xFFC81E1E, image, 26, 16, tolerance);
    }

    [Theory]
    [MemberData(nameof(Greys))]
    public void Decode_GreyAndTransparent_HasTheRightLevel(string decoder, string kind, uint level)
    {
        byte[] png = kind switch
        {
            "grey 16" => OddImages.Grey(16, 0, [0xC3, 0x50]),
            "grey and alpha 16" => OddImages.Grey(16, 4, [0xC3, 0x50, 0xFF, 0xFF]),
            "grey 1" => OddImages.Grey(1, 0, [0xFF]),
            "transparent level" => OddImages.Grey(8, 0, [90], transparent: 90),
            "other level" => OddImages.Grey(8, 0, [90], transparent: 91),
            "black, clear" => OddImages.Grey(8, 4, [0, 0]),
            "black, half clear" => OddImages.Grey(8, 4, [0, 128]),
            _ => OddImages.Grey(8, 4, [255, 0]),
        };
        PixelImage image = ImageDecoder.Decode(png, kind, decoder: DecoderKinds.Of(decoder));
        Assert.All(image.Pixels.ToArray(), p => Assert.Equal(0xFF000000u | (level * 0x010101u), p));
    }

    [Theory]
    [InlineData("managed")]
    [InlineData("skia")]
    public void Decode_AnimatedWebP_GivesTheFirstFrame(string decoder)
    {
        PixelImage image = ImageDecoder.Decode(OddImages.Of("anim.webp"), "anim", decoder: DecoderKinds.Of(decoder));
        Assert.Equal((OddImages.Width, OddImages.Height), (image.Width, image.Height));
        Assert.All(image.Pixels.ToArray(), p => Assert.Equal(0xFF0AC80Au, p));
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void Decode_CutAnywhere_IsRefused(string decoder, string name)
    {
        byte[] whole = OddImages.Of(name);
        _ = ImageDecoder.Decode(whole, name, decoder: DecoderKinds.Of(decoder));

        // TIFF keeps its directory in front or behind, TGA has a footer: the last tenth of a file may hold no pixel.
        foreach (double share in (double[])[0.02, 0.3, 0.5, 0.66, 0.8, 0.9])
        {
            byte[] cut = whole[..Math.Max(1, (int)(whole.Length * share))];
            Assert.Contains("'cut'", Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(cut, "cut", decoder: DecoderKinds.Of(decoder))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Upright))]
    public void Decode_TooManyPixels_IsRefused(string decoder, string name)
    {
        var options = new ImageDecoderOptions { MaxPixels = (OddImages.Width * OddImages.Height) - 1 };
        Assert.Contains("pixels", Assert.Throws<InvalidDataException>(() => ImageDecoder.Decode(OddImages.Of(name), name, options, DecoderKinds.Of(decoder))).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Decode_RealPhotos_AgreeWithinALevelInTheMean()
    {
        // Decoders differ where colour is subsampled: single pixels at edges by tens of levels, photos as a whole by less than one.
        string photos = TestData.PathOrSkip("gallery/photos");
        var tensorizer = new ImageTensorizer(ImagePreprocessingPreset.Of("none").Create(224, 224));
        var options = new ImageDecoderOptions { MinSide = tensorizer.SufficientSide };
        float[] managed = new float[tensorizer.ValuesPerImage], skia = new float[tensorizer.ValuesPerImage];
        foreach (string photo in Directory.EnumerateFiles(photos, "*.jpg"))
        {
            tensorizer.Fill(ImageDecoder.DecodeFile(photo, options, DecoderKinds.Of("managed")), managed);
            tensorizer.Fill(ImageDecoder.DecodeFile(photo, options, DecoderKinds.Of("skia")), skia);
            float[] differences = [.. managed.Zip(skia, (m, s) => MathF.Abs(m - s))];
            Assert.True(differences.Average() < 1, $"{photo}: {differences.Average()}");
            Assert.True(differences.Max() < 40, $"{photo}: {differences.Max()}");
        }
    }

    private static TheoryData<string, string> Both(IEnumerable<string> names)
    {
        var data = new TheoryData<string, string>();
        foreach (string name in names)
        {
            foreach (string decoder in DecoderKinds.Names)
                data.Add(decoder, name);
        }

        return data;
    }

    private static void AssertNear(uint expected, PixelImage image, int x, int y, int tolerance)
    {
        uint actual = image.Pixels[(y * image.Width) + x];
        for (int shift = 0; shift < 24; shift += 8)
            Assert.InRange((int)(actual >> shift & 255), (int)(expected >> shift & 255) - tolerance, (int)(expected >> shift & 255) + tolerance);
    }
}
