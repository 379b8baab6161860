using System.IO.Compression;
using System.Text;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Terminal;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Sentences;

[Trait("Category", "Unit")]
public sealed class SentenceFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.txt", "1\ta good film\n0\ta bad one\n1\tgood\n0\tbad\n")]
    [InlineData("a.tsv", "1\ta good film\n0\ta bad one\n1\tgood\n0\tbad\n")]
    [InlineData("a.tsv", "label\ttext\n1\ta good film\n0\ta bad one\n1\tgood\n0\tbad\n")]
    [InlineData("a.csv", "text,label\na good film,1\na bad one,0\ngood,1\nbad,0\n")]
    [InlineData("a.csv", "text;label\r\n\"a good film\";1\r\na bad one;0\r\ngood;1\r\nbad;0\r\n")]
    [InlineData("a.csv", "\uFEFFid,Sentence,Sentiment\n7,a good film,1\n8,a bad one,0\n9,good,1\n10,bad,0")]
    [InlineData("a.csv", "a good film,1\na bad one,0\n\ngood,1\nbad,0\n")]
    public void Read_LabelledFileOfAnyForm_GivesLabelsAndSentences(string name, string content)
    {
        foreach (bool isPacked in (bool[])[false, true])
        {
            SentenceSet set = SentenceFile.Read(Write(name, content, isPacked), LabelNeed.Needed);
            Assert.Equal([new("1", "a good film"), new("0", "a bad one"), new("1", "good"), new("0", "bad")], set.Sentences);
        }
    }

    [Theory]
    [InlineData("a.tsv", "source\tsplit\ttext\nx\tnorth\tfirst one\ny\ttest\tsecond \"one\n", "text: text; left out: source, split")]
    [InlineData("a.txt", "pos\tfirst one\npos\tsecond \"one\n", "text: column 2; left out: column 1")]
    [InlineData("a.csv", "label,text\npos,first one\npos,\"second \"\"one\"\n", "text: text; left out: label")]
    [InlineData("a.tsv", "first one\nsecond \"one\n", "text: column 1")]
    [InlineData("a.txt", "first one\nsecond \"one\n", null)]
    public void Read_LabelsNotWanted_TakesTheSentencesAlone(string name, string content, string? columns)
    {
        SentenceSet set = SentenceFile.Read(Write(name, content), LabelNeed.Ignored);
        Assert.Equal([new(null, "first one"), new(null, "second \"one")], set.Sentences);
        Assert.Equal(columns, set.Columns);
    }

    [Theory]
    [InlineData("source\tsplit\ttext\nx\ttrain\ta\ny\tdev\tb\nz\ttest\tc\n", "text: text, parts: split; left out: source")]
    [InlineData("text\tSet\na\tTraining\nb\tvalid\nc\tTEST\n", "text: text, parts: Set")]
    public void Read_ColumnOfParts_DividesTheSentences(string content, string columns)
    {
        SentenceSet set = SentenceFile.Read(Write("a.tsv", content), LabelNeed.Ignored);
        Assert.Equal([DataPart.Training, DataPart.Validation, DataPart.Test], set.Sentences.Select(s => s.Part));
        Assert.Equal(columns, set.Columns);
        Assert.True(set.IsDivided);
        Assert.Equal("c", Assert.Single(set.Pick(set.Measured(DataPart.Test)).Sentences).Text);
        Assert.False(set.Pick(DataPart.Training).IsDivided);
    }

    [Fact]
    public void Read_QuotedCells_KeepSeparatorsLinesAndQuotes()
    {
        SentenceSet set = SentenceFile.Read(Write("a.csv", "label,text\nx,\"one, two\nthree \"\"four\"\"\"\ny,\"\"\"q\"\"\"\n"), LabelNeed.Needed);
        Assert.Equal([new("x", "one, two\nthree \"four\""), new("y", "\"q\"")], set.Sentences);
    }

    [Theory]
    [InlineData("a.tsv", "label\ttext\nx\t\"one\ttwo\"\n", "one\ttwo")]
    [InlineData("a.tsv", "label\ttext\nx\t\"one \"\"two\"\"\"\n", "one \"two\"")]
    [InlineData("a.tsv", "label\ttext\nx\t\"RT one\n", "\"RT one")]
    [InlineData("a.tsv", "label\ttext\nx\t\"one\" and \"two\"\n", "\"one\" and \"two\"")]
    public void Read_TableWithTabs_HasQuotingOnlyWhereAllCellsFollowIt(string name, string content, string text) =>
        Assert.Equal([new("x", text)], SentenceFile.Read(Write(name, content), LabelNeed.Needed).Sentences);

    [Theory]
    [InlineData("body", null, "c")]
    [InlineData("2", null, "b")]
    [InlineData("TITLE", null, "b")]
    [InlineData("3", "1", "c")]
    public void Read_NamedColumns_AreTaken(string text, string? label, string expected)
    {
        string path = Write("a.csv", "label,title,body\na,b,c\n");
        LabelledSentence read = SentenceFile.Read(path, label is null ? LabelNeed.Ignored : LabelNeed.Needed, text, label).Sentences[0];
        Assert.Equal(expected, read.Text);
        Assert.Equal(label is null ? null : "a", read.Label);
    }

    [Theory]
    [InlineData("a.csv", "a,b,c\nd,e,f\n", LabelNeed.Ignored, "which of its 3 columns holds the text?", "'a', 'b', 'c'", "--text-column")]
    [InlineData("a.csv", "text,b,c\nd,e,f\n", LabelNeed.Needed, "which of its 3 columns holds the labels?", "--label-column")]
    [InlineData("a.csv", "one sentence,another\nmore of it,and more\n", LabelNeed.Ignored, "which of its 2 columns holds the text?")]
    [InlineData("a.csv", "text\nd\n", LabelNeed.Needed, "has no labels: it has one column")]
    [InlineData("a.csv", "label,text\na,b\nc\n", LabelNeed.Needed, "row 3 has 1 cells", "quotes")]
    [InlineData("a.csv", "label,text\na,b\n,c\n", LabelNeed.Needed, "row 3 has no label")]
    [InlineData("a.csv", "label,text\na,b\nc,\n", LabelNeed.Needed, "row 3 has a label but no text")]
    [InlineData("a.tsv", "1\tgood\nno label\n", LabelNeed.Needed, "row 2")]
    [InlineData("a.txt", "1\tgood\nno label\n", LabelNeed.Needed, "row 2 has no label")]
    [InlineData("a.txt", "1\tgood\n0\tbad\n1\tfine\n0\tawful\n", LabelNeed.Refused, "labelled sentences", "--labelled")]
    [InlineData("a.tsv", "label\ttext\n1\tgood\n", LabelNeed.Refused, "labelled sentences (text: text, labels: label)", "--labelled")]
    [InlineData("a.csv", "tweet,class\nhi,x\n", LabelNeed.Refused, "labelled sentences")]
    [InlineData("a.txt", "\n \n", LabelNeed.Ignored, "holds no sentence")]
    [InlineData("a.csv", "", LabelNeed.Ignored, "holds no row")]
    [InlineData("a.csv", "text,label\n", LabelNeed.Needed, "holds no sentence")]
    internal void Read_WhatCannotBeRead_SaysWhatToDo(string name, string content, LabelNeed need, params string[] parts)
    {
        var error = Assert.Throws<DataFileException>(() => SentenceFile.Read(Write(name, content), need));
        Assert.All(parts.Append(name), p => Assert.Contains(p, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing", null, "--text-column 'nothing'")]
    [InlineData("4", null, "--text-column '4'")]
    [InlineData("0", null, "--text-column '0'")]
    [InlineData("text", "9", "--label-column '9'")]
    [InlineData("text", "text", "the same column")]
    [InlineData("twice", null, "several columns")]
    public void Read_ColumnThatIsNotThere_IsWrongUsage(string text, string? label, string part)
    {
        string path = Write("a.csv", "text,twice,twice\na,b,c\n");
        Assert.Contains(part, Assert.Throws<UsageException>(() => SentenceFile.Read(path, LabelNeed.Ignored, text, label)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AQuoteThatIsNeverClosed_IsBounded()
    {
        string path = Write("a.csv", "label,text\nx,\"" + string.Concat(Enumerable.Repeat("word\n", 5_000_000)));
        Assert.Contains("a.csv", Assert.Throws<DataFileException>(() => SentenceFile.Read(path, LabelNeed.Needed)).Message, StringComparison.Ordinal);
    }

    private string Write(string name, string content, bool isPacked = false)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        if (!isPacked)
            return _folder.Write(name, bytes);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return _folder.Write(name + ".gz", packed.ToArray());
    }
}
