using System.Collections.Immutable;
using System.Text;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Graph.Tests.Artifacts;

[Trait("Category", "Unit")]
public sealed class TextSpecTests : IDisposable
{
    private static readonly TextSpec Words = new() { Tokenizer = TextTokenizerKind.Words, Files = [ArtifactNames.Vocabulary], Tokens = "tokens", MaxLength = 8, Padding = 0 };

    private static readonly TextSpec Full = new()
    {
        Tokenizer = TextTokenizerKind.BytePairs,
        Files = ["text/vocab.json", "text/merges.txt"],
        Tokens = "input_ids",
        Mask = "attention_mask",
        Segments = "token_type_ids",
        MaxLength = 512,
        PadsToMaxLength = true,
        Padding = 1,
        Start = 2,
        End = 3,
        IsLowerCase = true,
        DropsAccents = true,
        AddsPrefixBlank = true,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Notes_TextAndBinaryFiles_ComeBack()
    {
        byte[] binary = [0xFF, 0, 0x80, 1];
        foreach (TextSpec spec in (TextSpec[])[Words, Full])
        {
            var text = new TextArtifacts(spec, spec.Files.Select((f, i) => KeyValuePair.Create(f, (ReadOnlyMemory<byte>)(i == 0 ? "<unk>\nüber\n"u8.ToArray() : binary))).ToImmutableSortedDictionary(StringComparer.Ordinal));
            var model = new OnnxModel(new OnnxGraph("g"), 18);
            TextNotes.Write(model, text);
            TextArtifacts read = TextNotes.Read(model)!;
            Assert.Equal(spec with { Files = [] }, read.Spec with { Files = [] });
            Assert.Equal(spec.Files.AsEnumerable(), read.Spec.Files);
            Assert.All(spec.Files, f => Assert.Equal(text.Files[f].ToArray(), read.Files[f].ToArray()));
        }

        Assert.Null(TextNotes.Read(new OnnxModel(new OnnxGraph("g"), 18)));
    }

    [Theory]
    [InlineData("{", "cannot be used")]
    [InlineData("null", "null")]
    [InlineData("{\"tokenizer\":\"Magic\",\"files\":[\"f\"],\"tokens\":\"t\",\"max_length\":8,\"padding\":0}", "cannot be used")]
    [InlineData("{\"tokenizer\":\"Words\",\"files\":[\"f\"],\"tokens\":\"t\",\"max_length\":0,\"padding\":0}", "rows of 0 tokens")]
    [InlineData("{\"tokenizer\":\"Words\",\"files\":[\"f\"],\"tokens\":\"t\",\"max_length\":8,\"padding\":0}", "'f' is missing")]
    [InlineData("{\"tokenizer\":\"Words\",\"files\":[\"f\"],\"tokens\":\"t\",\"max_length\":8}", "padding")]
    public void Notes_Damaged_SayWhatIsWrong(string json, string part)
    {
        var model = new OnnxModel(new OnnxGraph("g"), 18) { Metadata = ImmutableSortedDictionary<string, string>.Empty.Add(TextNotes.Key, json) };
        Assert.Contains(part, Assert.Throws<InvalidModelException>(() => TextNotes.Read(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problem_EachMember_IsSaid()
    {
        (TextSpec Spec, string Part)[] cases =
        [
            (Words with { Tokenizer = (TextTokenizerKind)9 }, "not known"),
            (Words with { Files = ["a", "b"] }, "has 1 files"),
            (Full with { Files = ["a"] }, "has 2 files"),
            (Full with { Files = ["a", "a"] }, "same as another"),
            (Words with { Files = default }, "has 1 files"),
            (Words with { Files = [" "] }, "no name"),
            (Words with { Tokens = "" }, "no input"),
            (Words with { MaxLength = TextSpec.LongestRow + 1 }, "between 1 and 65536"),
            (Words with { Padding = -1 }, "negative"),
            (Words with { Start = -1 }, "negative"),
            (Words with { End = -2 }, "negative"),
            (Words with { MaxLength = 2, Start = 1, End = 1 }, "special tokens"),
        ];
        Assert.All(cases, c => Assert.Contains(c.Part, c.Spec.Problem(), StringComparison.Ordinal));
        Assert.Null(Words.Problem());
        Assert.Null(Full.Problem());
    }

    [Fact]
    public void Manifest_OfText_ComesBackAndIsChecked()
    {
        ArtifactManifest manifest = SampleArtifacts.Manifest with { Inputs = [new("tokens", ElementType.Int64, ["N", "T"])], Text = Words };
        string path = _folder.File("text.autlearn");
        ArtifactWriter writer = SampleArtifacts.Writer(manifest);
        writer.Add(ArtifactNames.Vocabulary, "<unk>\n"u8.ToArray());
        writer.Write(path);
        using (ArtifactPackage package = ArtifactPackage.Open(path))
            Assert.Equal("<unk>\n", Encoding.UTF8.GetString(package.Read(package.Manifest.Text!.Files[0]).Span));

        Assert.Contains("is not listed", Assert.Throws<InvalidArtifactException>(SampleArtifacts.Writer(manifest).Build).Message, StringComparison.Ordinal);
        Refused(manifest with { Text = Words with { Tokens = "other" } }, "'other'");
        Refused(manifest with { Inputs = [new("tokens", ElementType.Float32, ["N", "T"])] }, "'tokens'");
        Refused(manifest with { Text = Words with { MaxLength = 0 } }, "rows of 0 tokens");
        Refused(manifest with { Text = Words with { Mask = "tokens", Segments = "none" } }, "'none'");
    }

    private static void Refused(ArtifactManifest manifest, string part)
    {
        ArtifactWriter writer = SampleArtifacts.Writer(manifest);
        writer.Add(ArtifactNames.Vocabulary, "<unk>\n"u8.ToArray());
        Assert.Contains(part, Assert.Throws<InvalidArtifactException>(writer.Build).Message, StringComparison.Ordinal);
    }
}
