using System.Diagnostics;
using AutLearn.Cache.Disk;
using AutLearn.Testing;

namespace AutLearn.Cache.Tests.Disk;

/// <summary>What else may stand in a store's folder.</summary>
[Trait("Category", "Fault")]
public sealed class FeatureStoreFolderTests : IDisposable
{
    private const int RowSize = 16;
    private const int RowsInSegment = 5;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FolderInUse_IsRefusedThoughItIsEmpty()
    {
        using FeatureStore first = Open();
        Assert.Throws<FolderInUseException>(Open);
        Assert.True(first.TryAdd(new(1, 0), Row(1), 1));
    }

    [Theory]
    [InlineData("9223372036854775807.features")]
    [InlineData("9223372036854775806.features")]
    [InlineData("1000000000000.features")]
    [InlineData("00000000000000000001.features")]
    [InlineData("-1.features")]
    [InlineData("notes.features")]
    [InlineData("notes.txt")]
    public void Open_StrangersName_IsPassedOverAndLeftAlone(string name)
    {
        using (FeatureStore store = Open())
            store.TryAdd(new(1, 0), Row(1), 1);
        string stranger = Path.Combine(_folder.Path, name);

        // Even a whole segment: what its number says was never counted up to.
        File.Copy(Directory.GetFiles(_folder.Path, "*.features").Single(), stranger);
        byte[] content = File.ReadAllBytes(stranger);
        for (int life = 1; life <= 3; life++)
        {
            using FeatureStore store = Open();
            Assert.Equal(1, store.Statistics.Ignored);
            AddAndReadBack(store, life * 1000);
        }

        Assert.Equal(content, File.ReadAllBytes(stranger));
    }

    [Fact]
    public void Open_SegmentWithTheLargestNumber_GoesOnCounting()
    {
        using (FeatureStore store = Open())
            store.TryAdd(new(1, 0), Row(1), 1);
        File.Move(Directory.GetFiles(_folder.Path, "*.features").Single(), Path.Combine(_folder.Path, "999999999999.features"));
        for (int life = 1; life <= 3; life++)
        {
            using FeatureStore store = Open();
            AddAndReadBack(store, life * 1000);
        }
    }

    [Fact]
    public void Open_FoldersPipesAndLinksWithSegmentNames_ArePassedOver()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "00000001.features"));
        File.WriteAllBytes(Path.Combine(_folder.Path, "00000004.features"), []);
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(Path.Combine(_folder.Path, "00000002.features"), "/nowhere/at/all");
            using Process pipe = Process.Start("mkfifo", [Path.Combine(_folder.Path, "00000003.features")]);
            pipe.WaitForExit();
        }

        for (int life = 1; life <= 3; life++)
        {
            using FeatureStore store = Open();
            AddAndReadBack(store, life * 1000);
        }

        Assert.True(Directory.Exists(Path.Combine(_folder.Path, "00000001.features")));
    }

    private FeatureStore Open() => FeatureStore.Open(_folder.Path, new()
    {
        RowSizeInBytes = RowSize,
        SegmentSizeInBytes = 64 + (RowsInSegment * 48),
        QuotaInBytes = 4 * (64 + (RowsInSegment * 48)),
    });

    // More rows than the quota holds, so that segments are made and leave.
    private static void AddAndReadBack(FeatureStore store, int first)
    {
        byte[] row = new byte[RowSize];
        for (int id = first; id < first + (8 * RowsInSegment); id++)
        {
            Assert.True(store.TryAdd(new(id, 0), Row(id), id));
            Assert.True(store.TryRead(new(id, 0), row, out _));
            Assert.Equal(Row(id), row);
        }

        Assert.InRange(store.Statistics.Segments, 1, 4);
    }

    private static byte[] Row(int id)
    {
        byte[] row = new byte[RowSize];
        new Random(id).NextBytes(row);
        return row;
    }
}
