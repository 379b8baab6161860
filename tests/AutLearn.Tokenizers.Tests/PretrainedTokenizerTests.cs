using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Testing;
using AutLearn.Text;

namespace AutLearn.Tokenizers.Tests;

[Trait("Category", "Conformance")]
public sealed class PretrainedTokenizerTests : IDisposable
{
    private static readonly ImmutableArray<TensorSpec> Inputs =
        [new("input_ids", ElementType.Int64, ["N", "T"]), new("attention_mask", ElementType.Int64, ["N", "T"]), new("token_type_ids", ElementType.Int64, ["N", "T"])];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("wordpiece", "WordPiece")]
    [InlineData("bytepairs", "BytePairs")]
    public void Encode_TextsOfTheReference_GivesItsNumbers(string name, string kind)
    {
        TextArtifacts text = TokenizerFolder.Read(Write("tokenizer.json", Resource(name + ".json")), Inputs);
        Assert.Equal(kind, text.Spec.Tokenizer.ToString());
        ITextTokenizer tokenizer = PretrainedTokenizer.Open(text);
        using JsonDocument expected = JsonDocument.Parse(Resource(name + "-encodings.json"));
        Assert.Equal(14, expected.RootElement.GetArrayLength());
        Assert.All(expected.RootElement.EnumerateArray(), e => Assert.Equal(e.GetProperty("ids").EnumerateArray().Select(i => i.GetInt64()), Encode(tokenizer, e.GetProperty("text").GetString()!)));
    }

    [Fact]
    public void Read_FilesOfBothForms_AreOneTokenizer()
    {
        using JsonDocument pieces = JsonDocument.Parse(Resource("wordpiece.json"));
        string lines = string.Join('\n', pieces.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(p => p.Value.GetInt32()).Select(p => p.Name)) + "\n";
        TextArtifacts json = TokenizerFolder.Read(Write("tokenizer.json", Resource("wordpiece.json")), Inputs);
        File.Delete(_folder.File("tokenizer.json"));
        Write("vocab.txt", Encoding.UTF8.GetBytes(lines));
        TextArtifacts folder = TokenizerFolder.Read(_folder.Path, Inputs);
        Assert.Equal(json.Files["text/vocab.txt"].ToArray(), folder.Files["text/vocab.txt"].ToArray());
        Assert.Equal((0, 2, 3), (folder.Spec.Padding, folder.Spec.Start, folder.Spec.End));
        Assert.Equal(("input_ids", "attention_mask", "token_type_ids", 256), (folder.Spec.Tokens, folder.Spec.Mask, folder.Spec.Segments, folder.Spec.MaxLength));
    }

    [Fact]
    public void Encoder_OfWordPiece_FillsTheModelsInputs()
    {
        TextArtifacts text = TokenizerFolder.Read(Write("tokenizer.json", Resource("wordpiece.json")), Inputs, maxLength: 6);
        var encoder = new TextEncoder(text.Spec, PretrainedTokenizer.Open(text), Inputs);
        TensorBuffer[] buffers = encoder.Inputs("Hello world", "unbelievable playing good day");
        Assert.Equal([2, 5, 6, 3, 0, 0, 2, 7, 8, 9, 10, 3], buffers[0].Span<long>().ToArray());
        Assert.Equal([1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], buffers[1].Span<long>().ToArray());
        Assert.Equal("hello world", encoder.Decode([2, 5, 6, 3, 0, 0]));
        Assert.Equal("[CLS]", encoder.Tokenizer.TokenAt(2));
    }

    [Fact]
    public void Decode_BytePairs_GivesTheTextBack()
    {
        ITextTokenizer tokenizer = PretrainedTokenizer.Open(TokenizerFolder.Read(Write("tokenizer.json", Resource("bytepairs.json")), Inputs));
        foreach (string text in (string[])["Hello world!", "caf\u00E9 \U0001F602 lower", "a\tb\nc"])
            Assert.Equal(text, tokenizer.Decode([.. Encode(tokenizer, text)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([100_000]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenAt(-1));
    }

    [Fact]
    public void Encode_SentencePieceUnigram_TakesTheLikeliestPieces()
    {
        // "hello" is likelier whole (-2) than as "hel" and "lo" (-3 and -3); "low" only as "lo" and "w".
        TextArtifacts text = TokenizerFolder.Read(Write("spiece.model", SentencePieceModel.Unigram(("\u2581", -4), ("\u2581hello", -2), ("\u2581hel", -3), ("lo", -3), ("w", -5), ("h", -9), ("e", -9), ("l", -9), ("o", -9))), Inputs);
        ITextTokenizer tokenizer = PretrainedTokenizer.Open(text);
        Assert.Equal(["\u2581hello", "\u2581", "lo", "w"], Encode(tokenizer, "hello low").Select(t => tokenizer.TokenAt((int)t)));
        Assert.Equal("hello low", tokenizer.Decode([.. Encode(tokenizer, "hello low")]));
        Assert.Equal("</s>", tokenizer.TokenAt(text.Spec.End!.Value));
    }

    [Theory]
    [InlineData("wordpiece")]
    [InlineData("bytepairs")]
    public void Encode_HostileText_Ends(string name)
    {
        ITextTokenizer tokenizer = PretrainedTokenizer.Open(TokenizerFolder.Read(Write("tokenizer.json", Resource(name + ".json")), Inputs));
        foreach (string part in (string[])["a", "he", "\u0301", "\uD83D", " ", "\u4ECA", "\0", "low lowest "])
            _ = Encode(tokenizer, string.Concat(Enumerable.Repeat(part, 200_000 / part.Length)));
    }

    private static List<long> Encode(ITextTokenizer tokenizer, string text)
    {
        var tokens = new List<long>();
        tokenizer.Encode(text, tokens);
        Assert.All(tokens, t => Assert.InRange(t, 0, tokenizer.Count - 1));
        return tokens;
    }

    private string Write(string name, byte[] content) => _folder.Write(name, content);

    private static byte[] Resource(string name)
    {
        using Stream stream = typeof(PretrainedTokenizerTests).Assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
