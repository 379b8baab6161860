using System.Globalization;
using System.IO.Compression;
using AutLearn.Cloud.Data;

namespace AutLearn.Benchmarks.Experiments.Sentences;

/// <summary>A classification set of Wei and Zou 2019: sentences to draw training sets from, and a test set.</summary>
internal sealed record SentenceDataset(string Name, int Classes, IReadOnlyList<(string Text, int Label)> Pool, IReadOnlyList<(string Text, int Label)> Test)
{
    private const int SplitSeed = 2019;

    /// <summary>Opens the four sets; where the authors fix no test set, a fifth is split off by a fixed seed.</summary>
    public static IReadOnlyList<SentenceDataset> OpenAll()
    {
        string folder = Path.Combine(DataFolder.Find() ?? throw new AutLearnException($"No data folder: set {DataFolder.Variable}."), "eda");
        return
        [
            new("SST-2", 2, Read(folder, "sst2_train"), Read(folder, "sst2_test")),
            Split("SUBJ", Read(folder, "subj")),
            new("TREC", 6, Read(folder, "trec_train"), Read(folder, "trec_test")),
            Split("CR", Read(folder, "cr")),
        ];
    }

    private static SentenceDataset Split(string name, (string Text, int Label)[] all)
    {
        new Random(SplitSeed).Shuffle(all);
        int test = all.Length / 5;
        return new(name, 2, all[test..], all[..test]);
    }

    private static (string Text, int Label)[] Read(string folder, string name)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, name + ".tsv.gz")), CompressionMode.Decompress));
        var rows = new List<(string, int)>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            string[] columns = line.Split('\t', 2);
            rows.Add((columns[1], int.Parse(columns[0], CultureInfo.InvariantCulture)));
        }

        return [.. rows];
    }
}
