using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Text;

namespace AutLearn.Tokenizers.Tests;

[Trait("Category", "Conformance")]
public sealed class RealTokenizerTests
{
    private const string Folder = "artifacts/tokenizers";

    [SkippableTheory]
    [InlineData("gpt2", "BytePairs")]
    [InlineData("bert", "WordPiece")]
    public void Encode_TenThousandTweets_GivesTheNumbersOfTheReference(string name, string kind)
    {
        string? installed = Find();
        Skip.If(installed is null, $"There is no {Folder} here or above: eng/install-tokenizers.sh makes it.");
        TextArtifacts text = TokenizerFolder.Read(Path.Combine(installed!, name), [new("tokens", ElementType.Int64, ["N", "T"])]);
        Assert.Equal(kind, text.Spec.Tokenizer.ToString());
        ITextTokenizer tokenizer = PretrainedTokenizer.Open(text);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(installed!, "encodings.json")));
        Assert.Equal(10_000, expected.RootElement.GetArrayLength());
        var tokens = new List<long>();
        foreach (JsonElement tweet in expected.RootElement.EnumerateArray())
        {
            tokens.Clear();
            tokenizer.Encode(tweet.GetProperty("text").GetString()!, tokens);
            Assert.Equal(tweet.GetProperty(name).EnumerateArray().Select(n => n.GetInt64()), tokens);
        }
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Folder, "encodings.json")))
                return Path.Combine(folder.FullName, Folder);
        }

        return null;
    }
}
