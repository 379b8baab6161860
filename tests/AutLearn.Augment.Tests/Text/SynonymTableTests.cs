using System.IO.Compression;
using AutLearn.Augment.Randomness;
using AutLearn.Augment.Text;
using CsCheck;

namespace AutLearn.Augment.Tests.Text;

[Trait("Category", "Unit")]
public sealed class SynonymTableTests
{
    [Fact]
    public void WordNet_Happy_FrequentSenseFirst() =>
        Assert.Equal(["felicitous", "glad", "well-chosen"], WordNet.Synonyms.Synonyms("HAPPY").Order());

    [Fact]
    public void WordNet_Resource_IsBelowOneMegabyte()
    {
        using Stream stream = typeof(WordNet).Assembly.GetManifestResourceStream("AutLearn.Augment.Data.wordnet30.synonyms")!;
        Assert.InRange(stream.Length, 100_000, 1_000_000);
    }

    [Fact]
    public void SaveLoad_WordNet_SameBytes()
    {
        using var first = new MemoryStream();
        SynonymTableFile.Save(WordNet.Synonyms, first);
        first.Position = 0;
        using var second = new MemoryStream();
        SynonymTableFile.Save(SynonymTableFile.Load(first, "copy"), second);
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void Load_MoreSetsThanDeclared_IsRefusedBeforeTheyAreMade()
    {
        // One word, one set; one group of that word claims four million senses, each in a set of its own.
        const int Senses = 4_000_000;
        byte[] head = [1, 1, 0, 1, (byte)'a', 1, 0, 0x80, 0x92, 0xF4, 0x01];
        using var file = new MemoryStream();
        file.Write("ALSYN1\n"u8);
        file.Write(BitConverter.GetBytes(head.Length + Senses + 8));
        using (var content = new BrotliStream(file, CompressionLevel.Fastest, leaveOpen: true))
        {
            content.Write(head);
            content.Write(new byte[Senses + 8]);
        }

        file.Position = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => SynonymTableFile.Load(file, "bomb"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40 << 20);
    }

    [Fact]
    public void FindAndDraw_AllocateNothing()
    {
        SynonymTable table = WordNet.Synonyms;
        CounterRandom random = CounterRandom.For(1);
        Assert.True(table.Draw(table.Find("movie"), PartOfSpeech.Noun, SynonymFilter.Common, ref random) >= 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            table.Draw(table.Find("movie"), PartOfSpeech.Noun, SynonymFilter.Common, ref random);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Parse_LineWithOneWord_NamesFileAndLine()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => SynonymTableFile.Parse(new StringReader("a\tb\n\nalone\n"), "mine.tsv"));
        Assert.Contains("'mine.tsv', line 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedFile_NamesIt()
    {
        var builder = new SynonymTableBuilder();
        for (int i = 0; i < 20; i++)
        {
            int set = builder.AddSynset([$"word{i}", $"term{i}", "shared"]);
            builder.AddSenses($"word{i}", PartOfSpeech.Noun, i % 16, [set]);
        }

        builder.AddIrregular("words", "word1", PartOfSpeech.Noun);
        using var stream = new MemoryStream();
        SynonymTableFile.Save(builder.Build(), stream);
        byte[] good = stream.ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample(
            t =>
            {
                byte[] bad = good[..Math.Max(t.Item3, 1)];
                bad[t.Item1 % bad.Length] ^= t.Item2;
                try
                {
                    SynonymTableFile.Load(new MemoryStream(bad), "hostile");
                }
                catch (InvalidDataException error)
                {
                    Assert.Contains("'hostile'", error.Message, StringComparison.Ordinal);
                }
            },
            iter: 5000);
    }
}
