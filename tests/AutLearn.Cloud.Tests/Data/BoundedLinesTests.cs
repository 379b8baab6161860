using System.IO.Compression;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Sentences;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Data;

[Trait("Category", "Fault")]
public sealed class BoundedLinesTests
{
    [Theory]
    [InlineData("a\nb\r\n\nc", new[] { "a", "b", "", "c" })]
    [InlineData("a\n", new[] { "a" })]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    public void Next_Text_GivesTheLinesOfAReader(string text, string[] lines)
    {
        var bounded = new BoundedLines(new StringReader(text), "text", 10, 100);
        var read = new List<string>();
        while (bounded.Next() is { } line)
            read.Add(line);
        Assert.Equal(lines, read);
        Assert.Equal(lines.Length, bounded.Row);
    }

    [Fact]
    public void Next_LongLine_IsRefusedBeforeItIsRead()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<DataFileException>(() => new BoundedLines(new Endless(), "text", 1 << 16, long.MaxValue).Next());
        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_GzipOfBlankLines_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("bomb.txt.gz");
        using (var zip = new GZipStream(File.Create(path), CompressionLevel.Optimal))
        {
            byte[] lines = new byte[1 << 20];
            Array.Fill(lines, (byte)'\n');
            for (int i = 0; i < 100; i++)
                zip.Write(lines);
        }

        Assert.Contains("unpacks to more than", Assert.Throws<DataFileException>(() => SentenceFile.Read(path, LabelNeed.Ignored)).Message, StringComparison.Ordinal);
    }

    private sealed class Endless : TextReader
    {
        public override int Read(char[] buffer, int index, int count)
        {
            Array.Fill(buffer, 'a', index, count);
            return count;
        }
    }
}
