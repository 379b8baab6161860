using AutLearn.Cloud.Data;
using AutLearn.Testing;
using SkiaSharp;

namespace AutLearn.Cloud.Tests.Data;

[Trait("Category", "Unit")]
public sealed class ImageSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void IdxOpen_Writer_KeepsOnlyItsRows()
    {
        (string images, string labels, string writers) = WriteTriple();
        ImageSet set = IdxImages.Open(images, labels, writers, new() { Classes = IdxImages.AlphanumericClasses, Writer = 7 });
        Assert.Equal([1, 3], set.Labels.ToArray());
        Assert.All(set.Load(0).Pixels.ToArray(), p => Assert.Equal(0xFF020202u, p));
        Assert.Equal($"{images}#3", set.NameOf(1));
    }

    [Fact]
    public void IdxOpen_UnknownWriter_NamesIt()
    {
        (string images, string labels, string writers) = WriteTriple();
        var e = Assert.Throws<DataFileException>(() => IdxImages.Open(images, labels, writers, new() { Writer = 8 }));
        Assert.Contains("no image of writer 8", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdxOpen_LengthsDiffer_NamesBoth()
    {
        (string images, _, _) = WriteTriple();
        string labels = _folder.Write("short", IdxFileTests.Idx(8, [3], [0, 1, 2]));
        var e = Assert.Throws<DataFileException>(() => IdxImages.Open(images, labels, null, new()));
        Assert.Contains("3 rows", e.Message, StringComparison.Ordinal);
        Assert.Contains("4 images", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdxOpen_LabelOutOfRange_NamesRow()
    {
        (string images, _, _) = WriteTriple();
        string labels = _folder.Write("wild", IdxFileTests.Idx(8, [4], [0, 1, 99, 3]));
        var e = Assert.Throws<DataFileException>(() => IdxImages.Open(images, labels, null, new() { Classes = IdxImages.AlphanumericClasses }));
        Assert.Contains("row 2 has label 99", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdxOpen_LabelsAsImages_SaysWhatImagesAre()
    {
        (_, string labels, _) = WriteTriple();
        var e = Assert.Throws<DataFileException>(() => IdxImages.Open(labels, labels, null, new()));
        Assert.Contains("UInt8 [count, height, width]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FolderOpenLabelled_Subfolders_AreClassesInOrder()
    {
        WriteImage("cat/1.png", SKColors.Red);
        WriteImage("ant/2.jpg", SKColors.Blue);
        WriteImage("ant/1.png", SKColors.Lime);
        File.WriteAllText(_folder.File("ant", "notes.txt"), "no image");
        ImageSet set = ImageFolder.OpenLabelled(_folder.Path, []);
        Assert.Equal(["ant", "cat"], set.Classes.ToArray());
        Assert.Equal([0, 0, 1], set.Labels.ToArray());
        Assert.Equal(0xFF00FF00u, set.Load(0).Pixels[0]);
        Assert.Equal(0xFF0000FFu, set.Load(2).Pixels[0]);
    }

    [Fact]
    public void FolderOpenLabelled_UnknownClass_NamesIt()
    {
        WriteImage("dog/1.png", SKColors.Red);
        var e = Assert.Throws<DataFileException>(() => ImageFolder.OpenLabelled(_folder.Path, ["cat"]));
        Assert.Contains("'dog'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FolderOpenLabelled_Empty_SaysTheLayout() =>
        Assert.Contains("folder/label/*.jpg", Assert.Throws<DataFileException>(() => ImageFolder.OpenLabelled(_folder.Path, [])).Message, StringComparison.Ordinal);

    [Fact]
    public void FolderOpenLabelled_Missing_NamesFolder() =>
        Assert.Contains("does not exist", Assert.Throws<DataFileException>(() => ImageFolder.OpenLabelled("no/such", [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Decode_Garbage_NamesFile()
    {
        string path = _folder.Write("bad.jpg", [1, 2, 3, 4]);
        var e = Assert.Throws<DataFileException>(() => ImageFile.Decode(path));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_TruncatedJpeg_NamesFile()
    {
        string whole = WriteImage("a.jpg", SKColors.Red);
        byte[] bytes = File.ReadAllBytes(whole);
        string cut = _folder.Write("cut.jpg", bytes[..(bytes.Length * 2 / 3)]);
        Assert.StartsWith(cut, Assert.Throws<DataFileException>(() => ImageFile.Decode(cut)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_Seed_IsStableDisjointAndComplete()
    {
        HoldOutSplit split = HoldOutSplit.Of(101, 0.3, seed: 5);
        HoldOutSplit again = HoldOutSplit.Of(101, 0.3, seed: 5);
        Assert.Equal(split.Train.ToArray(), again.Train.ToArray());
        Assert.Equal(30, split.HoldOut.Length);
        Assert.Equal(Enumerable.Range(0, 101), split.Train.Concat(split.HoldOut).Order());
        Assert.NotEqual(split.Train.ToArray(), HoldOutSplit.Of(101, 0.3, seed: 6).Train.ToArray());
    }

    private (string Images, string Labels, string Writers) WriteTriple() => (
        _folder.Write("images", IdxFileTests.Idx(8, [4, 2, 2], [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])),
        _folder.Write("labels.gz", IdxFileTests.Zip(IdxFileTests.Idx(8, [4], [0, 1, 2, 3]))),
        _folder.Write("writers", IdxFileTests.Idx(0x0C, [4], [0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 7])));

    private string WriteImage(string name, SKColor color)
    {
        using var bitmap = new SKBitmap(64, 48);
        bitmap.Erase(color);
        using SKData data = bitmap.Encode(name.EndsWith("png", StringComparison.Ordinal) ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg, 90);
        string path = _folder.File(name.Split('/'));
        File.WriteAllBytes(path, data.ToArray());
        return path;
    }
}
