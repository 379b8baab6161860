using System.Collections.Immutable;
using System.Text;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Tokenizers.Tests;

[Trait("Category", "Fault")]
public sealed class HostileFilesTests : IDisposable
{
    private static readonly ImmutableArray<TensorSpec> Inputs = [new("tokens", ElementType.Int64, ["N", "T"])];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("vocab.txt", "[PAD]\n[UNK]\na\na\n", "line 4", "vocab.txt")]
    [InlineData("vocab.txt", "a\nb\n", "[PAD]")]
    [InlineData("vocab.json", "{\"a\":0}", "merges.txt")]
    [InlineData("tokenizer.json", "{", "tokenizer.json")]
    [InlineData("tokenizer.json", "[]", "no model")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", "'Unigram'", ".model")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[PAD]\":0,\"[UNK]\":7}}}", "gaps")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[PAD]\":0,\"[UNK]\":-1}}}", "'[UNK]'")]
    [InlineData("tokenizer.json", "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"<pad>\":0},\"merges\":[1]}}", "pair of pieces")]
    [InlineData("tokenizer.json", "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "<pad>")]
    [InlineData("tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", "'BPE'")]
    [InlineData("spiece.model", "no model at all", "cannot be used")]
    [InlineData("other.bin", "x", "no tokenizer of a known kind")]
    public void Read_DamagedOrForeignFile_SaysWhatIsWrong(string name, string content, params string[] parts)
    {
        string path = _folder.Write(name, Encoding.UTF8.GetBytes(content));
        var error = Assert.ThrowsAny<AutLearnException>(() => TokenizerFolder.Read(path, Inputs));
        Assert.All(parts, p => Assert.Contains(p, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_NothingThere_SaysWhatIsKnown()
    {
        Assert.Contains("vocab.txt", Assert.Throws<AutLearnException>(() => TokenizerFolder.Read(_folder.Path, Inputs)).Message, StringComparison.Ordinal);
        Assert.Contains("no tokenizer at", Assert.Throws<AutLearnException>(() => TokenizerFolder.Read(_folder.File("none"), Inputs)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_InputsThatTakeNoTokens_AreNamed()
    {
        string path = _folder.Write("vocab.txt", "[PAD]\n[UNK]\na\n"u8.ToArray());
        Assert.Contains("'pixels'", Assert.Throws<AutLearnException>(() => TokenizerFolder.Read(path, [new("pixels", ElementType.Float32, ["N", "3"])])).Message, StringComparison.Ordinal);
        Assert.Contains("several", Assert.Throws<AutLearnException>(() => TokenizerFolder.Read(path, Inputs.Add(new("more", ElementType.Int64, ["N", "T"])))).Message, StringComparison.Ordinal);
        ImmutableArray<TensorSpec> fixedLength = [new("tokens", ElementType.Int64, ["N", "16"])];
        Assert.Contains("16 tokens, not 8", Assert.Throws<AutLearnException>(() => TokenizerFolder.Read(path, fixedLength, 8)).Message, StringComparison.Ordinal);
        Assert.True(TokenizerFolder.Read(path, fixedLength).Spec is { PadsToMaxLength: true, MaxLength: 16 });
    }

    [Fact]
    public void Open_MutatedSentencePiece_RaisesNothingButTheLibrarysErrors()
    {
        byte[] sound = SentencePieceModel.Unigram(("\u2581", -4), ("\u2581hello", -2), ("lo", -3), ("w", -5));
        var random = new Random(7);
        int opened = 0, refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = [.. sound];
            for (int n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (i % 3 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var tokens = new List<long>();
                PretrainedTokenizer.Open(Artifacts(bytes)).Encode("hello low", tokens);
                opened++;
            }
            catch (AutLearnException)
            {
                refused++;
            }
        }

        Assert.True(opened > 100 && refused > 100, $"{opened} opened, {refused} refused.");
    }

    [Fact]
    public void Open_FileLargerThanATokenizer_IsRefused() =>
        Assert.Contains("more than the", Assert.Throws<InvalidArtifactException>(() => PretrainedTokenizer.Open(Artifacts(new byte[(64 << 20) + 1]))).Message, StringComparison.Ordinal);

    private static TextArtifacts Artifacts(byte[] content)
    {
        var spec = new TextSpec { Tokenizer = TextTokenizerKind.SentencePiece, Files = ["text/sentencepiece.model"], Tokens = "tokens", MaxLength = 8, Padding = 0 };
        return new(spec, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(spec.Files[0], content));
    }
}
