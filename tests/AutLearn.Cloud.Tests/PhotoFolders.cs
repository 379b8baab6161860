using AutLearn.Testing;
using SkiaSharp;

namespace AutLearn.Cloud.Tests;

/// <summary>Class folders as people have them: class k of a, b, c is strong in channel k, which <see cref="ColorNetwork"/> scores.</summary>
internal static class PhotoFolders
{
    public static readonly string[] Classes = ["a", "b", "c"];

    /// <summary>Writes twelve photos for each class.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="classes">The number of the class of each folder, by its name.</param>
    /// <param name="ending">With the dot.</param>
    /// <param name="inner">A folder inside each class folder; empty for none.</param>
    /// <param name="count">The photos of a class.</param>
    public static void Fill(string folder, IEnumerable<(int Class, string Name)> classes, string ending = ".png", string inner = "", int count = 12)
    {
        var random = new Random(1);
        foreach ((int kind, string name) in classes)
        {
            string place = Path.Combine(folder, name, inner);
            Directory.CreateDirectory(place);
            for (int i = 0; i < count; i++)
                File.WriteAllBytes(Path.Combine(place, $"{i}{ending}"), Photo(kind, i, ending, random));
        }
    }

    public static string Clean(TemporaryFolder folder, string name = "clean")
    {
        string path = Path.Combine(folder.Path, name);
        Fill(path, Abc());
        return path;
    }

    public static IEnumerable<(int Class, string Name)> Abc() => Classes.Select((c, i) => (i, c));

    /// <summary>Encodes one photo.</summary>
    public static byte[] Photo(int kind, int number, string ending, Random random)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(32, 32, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < 32; y++)
        {
            for (int x = 0; x < 32; x++)
            {
                byte[] levels = [(byte)random.Next(60), (byte)random.Next(60), (byte)random.Next(60)];
                levels[kind % 3] = (byte)(200 - (number % 5));
                bitmap.SetPixel(x, y, new SKColor(levels[0], levels[1], levels[2]));
            }
        }

        SKEncodedImageFormat format = ending switch
        {
            ".jpg" or ".jpeg" or ".jfif" or ".JPG" => SKEncodedImageFormat.Jpeg,
            ".webp" => SKEncodedImageFormat.Webp,
            _ => SKEncodedImageFormat.Png,
        };
        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }
}
