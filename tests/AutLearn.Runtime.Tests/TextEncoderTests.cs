using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Text;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class TextEncoderTests
{
    private static readonly WordVocabulary Words = new(["<pad>", "<unk>", "<s>", "</s>", "good", "film", "."]);

    private static readonly TextSpec Spec = new()
    {
        Tokenizer = TextTokenizerKind.Words,
        Files = [ArtifactNames.Vocabulary],
        Tokens = "input_ids",
        Mask = "attention_mask",
        Segments = "token_type_ids",
        MaxLength = 5,
        Padding = 0,
        Start = 2,
        End = 3,
    };

    private static readonly ImmutableArray<TensorSpec> Inputs =
        [new("attention_mask", ElementType.Float32, ["N", "T"]), new("input_ids", ElementType.Int32, ["N", "T"]), new("token_type_ids", ElementType.Int64, ["N", "T"])];

    [Theory]
    [InlineData("Good film.", 2, 4, 5, 6, 3)]
    [InlineData("good good film.", 2, 4, 4, 5, 3)]
    [InlineData("x", 2, 1, 3)]
    [InlineData("", 2, 3)]
    public void Encode_Texts_AreCutBetweenTheSpecialTokens(string text, params int[] expected) =>
        Assert.Equal(expected.Select(e => (long)e), new TextEncoder(Spec, Words, Inputs).Encode(text));

    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 5)]
    public void Inputs_RowsOfDifferentLengths_AreFilledUpAndMasked(bool padsToMaxLength, int length)
    {
        TensorBuffer[] buffers = new TextEncoder(Spec with { PadsToMaxLength = padsToMaxLength }, Words, Inputs).Inputs("good film", "x");
        Assert.All(buffers, b => Assert.Equal([2, length], b.Dimensions.ToArray()));
        Assert.Equal(new float[] { 1, 1, 1, 1, 0, 1, 1, 1, 0, 0 }.Where((_, i) => padsToMaxLength || i % 5 < 4), buffers[0].Span<float>().ToArray());
        Assert.Equal(new[] { 2, 4, 5, 3, 0, 2, 1, 3, 0, 0 }.Where((_, i) => padsToMaxLength || i % 5 < 4), buffers[1].Span<int>().ToArray());
        Assert.All(buffers[2].Span<long>().ToArray(), s => Assert.Equal(0, s));
    }

    [Fact]
    public void Decode_ARow_LeavesTheSpecialTokensOut() =>
        Assert.Equal("good film.", new TextEncoder(Spec, Words, Inputs).Decode([2, 4, 5, 6, 3, 0, 0]));

    [Fact]
    public void Constructor_WhatDoesNotFit_IsRefused()
    {
        Assert.Contains("'pixels'", Assert.Throws<AutLearnException>(() => new TextEncoder(Spec, Words, Inputs.Add(new("pixels", ElementType.Float32, ["N", "3"])))).Message, StringComparison.Ordinal);
        Assert.Contains("special token", Assert.Throws<AutLearnException>(() => new TextEncoder(Spec with { End = 7 }, Words, Inputs)).Message, StringComparison.Ordinal);
        Assert.Contains("rows of 0", Assert.Throws<AutLearnException>(() => new TextEncoder(Spec with { MaxLength = 0 }, Words, Inputs)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb\n", "no <unk>")]
    [InlineData("<unk>\na\na\n", "number 1 too")]
    [InlineData("<unk>\n\na\n", "line 2 holds no word")]
    [InlineData("<unk>\n\u00FF", null)]
    public void Open_AVocabulary_IsReadOrRefusedWithItsName(string content, string? part)
    {
        var text = new TextArtifacts(Spec, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(ArtifactNames.Vocabulary, System.Text.Encoding.UTF8.GetBytes(content)));
        if (part is null)
        {
            Assert.Equal(2, TextEncoder.Open(text).Count);
            return;
        }

        string message = Assert.Throws<InvalidArtifactException>(() => TextEncoder.Open(text)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains(ArtifactNames.Vocabulary, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BytesThatAreNoText_AreRefused()
    {
        var text = new TextArtifacts(Spec, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(ArtifactNames.Vocabulary, new byte[] { (byte)'<', 0xFF, 0xFE }));
        Assert.Contains("UTF-8", Assert.Throws<InvalidArtifactException>(() => TextEncoder.Open(text)).Message, StringComparison.Ordinal);
        Assert.Contains("AutLearn.Tokenizers", Assert.Throws<AutLearnException>(() => TextEncoder.Open(text with { Spec = Spec with { Tokenizer = TextTokenizerKind.WordPiece } })).Message, StringComparison.Ordinal);
    }
}
