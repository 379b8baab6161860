using System.Globalization;
using AutLearn.Cloud.Data;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>The UNIPEN handwriting set, with the writers that are kept for testing.</summary>
internal sealed class HandwritingData
{
    private const int TestWriterCount = 20;
    private const int ValidationWriterCount = 5;
    private const int MinimumImages = 200;
    private const int ChoiceSeed = 2020;

    private HandwritingData(ImageSet images, int[] writers, IReadOnlyList<(int Id, string Name)> testWriters, IReadOnlyList<(int Id, string Name)> validationWriters)
    {
        Images = images;
        Writers = writers;
        TestWriters = testWriters;
        ValidationWriters = validationWriters;
    }

    public ImageSet Images { get; }

    /// <summary>Gets the writer of each image.</summary>
    public int[] Writers { get; }

    /// <summary>Gets twenty single writers of at least 200 images, chosen by a fixed seed.</summary>
    public IReadOnlyList<(int Id, string Name)> TestWriters { get; }

    /// <summary>Gets five more such writers, on whom settings are chosen.</summary>
    public IReadOnlyList<(int Id, string Name)> ValidationWriters { get; }

    public static HandwritingData Open()
    {
        string folder = Path.Combine(DataFolder.Find() ?? throw new AutLearnException($"No data folder: set {DataFolder.Variable}."), "handwriting");
        ImageSet images = IdxImages.Open(
            Path.Combine(folder, "unipen62-images-idx3-ubyte.gz"),
            Path.Combine(folder, "unipen62-labels-idx1-ubyte.gz"),
            writersPath: null,
            new() { Classes = IdxImages.AlphanumericClasses });
        int[] writers = IdxImages.OpenWriters(Path.Combine(folder, "unipen62-writers-idx1-int.gz"));
        string[][] table = [.. File.ReadLines(Path.Combine(folder, "unipen62-writers.tsv")).Skip(1).Select(l => l.Split('\t'))];
        (int Id, string Name)[] single =
        [
            .. table.Where(r => r[3] == "0" && int.Parse(r[4], CultureInfo.InvariantCulture) >= MinimumImages)
                .Select(r => (int.Parse(r[0], CultureInfo.InvariantCulture), r[1]))
                .Order(),
        ];
        new Random(ChoiceSeed).Shuffle(single);
        return new(images, writers, [.. single.Take(TestWriterCount).Order()], [.. single.Skip(TestWriterCount).Take(ValidationWriterCount).Order()]);
    }

    /// <summary>Gets the rows of one writer.</summary>
    public int[] RowsOf(int writer) => [.. Enumerable.Range(0, Writers.Length).Where(r => Writers[r] == writer)];

    /// <summary>Gets the rows of every writer that is not kept for testing.</summary>
    public int[] PretrainingRows()
    {
        HashSet<int> kept = [.. TestWriters.Select(w => w.Id)];
        return [.. Enumerable.Range(0, Writers.Length).Where(r => !kept.Contains(Writers[r]))];
    }
}
