using AutLearn.Cloud.Tests.Data;
using AutLearn.Testing;
using SkiaSharp;

namespace AutLearn.Cloud.Tests;

/// <summary>Small noisy images of three classes that a tiny network can learn: ink at the top, in the middle, or at the bottom.</summary>
internal static class PatternImages
{
    public const int Count = 90;

    /// <summary>Writes images, labels and writers as IDX files; writer 1 has the first 60 images, writer 2 the rest.</summary>
    public static string WriteIdx(TemporaryFolder folder)
    {
        var random = new Random(3);
        byte[] pixels = [.. Enumerable.Range(0, Count).SelectMany(i => Pixels(i % 3, random))];
        string images = folder.Write("patterns-images-idx3-ubyte.gz", IdxFileTests.Zip(IdxFileTests.Idx(8, [Count, SmallNetwork.Side, SmallNetwork.Side], pixels)));
        folder.Write("patterns-labels-idx1-ubyte.gz", IdxFileTests.Zip(IdxFileTests.Idx(8, [Count], [.. Enumerable.Range(0, Count).Select(i => (byte)(i % 3))])));
        folder.Write("patterns-writers-idx1-int.gz", IdxFileTests.Zip(IdxFileTests.Idx(0x0C, [Count], [.. Enumerable.Range(0, Count).SelectMany(i => new byte[] { 0, 0, 0, (byte)(i < 60 ? 1 : 2) })])));
        return images;
    }

    /// <summary>Writes the images as <c>folder/label/N.png</c>.</summary>
    public static string WriteFolder(TemporaryFolder folder)
    {
        var random = new Random(3);
        string[] names = ["bottom", "middle", "top"];
        for (int i = 0; i < Count; i++)
        {
            int label = i % 3;
            byte[] pixels = Pixels(2 - label, random);
            using var bitmap = new SKBitmap(SmallNetwork.Side, SmallNetwork.Side, SKColorType.Gray8, SKAlphaType.Opaque);
            for (int p = 0; p < pixels.Length; p++)
                bitmap.SetPixel(p % SmallNetwork.Side, p / SmallNetwork.Side, new SKColor(pixels[p], pixels[p], pixels[p]));
            using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(folder.File("images", names[label], $"{i}.png"), data.ToArray());
        }

        return Path.Combine(folder.Path, "images");
    }

    private static byte[] Pixels(int label, Random random)
    {
        byte[] pixels = new byte[SmallNetwork.Side * SmallNetwork.Side];
        for (int p = 0; p < pixels.Length; p++)
        {
            int row = p / SmallNetwork.Side;
            bool isInk = row >= label * 3 && row < (label * 3) + 2;
            pixels[p] = (byte)((isInk ? 150 : 0) + random.Next(100));
        }

        return pixels;
    }
}
