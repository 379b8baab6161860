using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Sentences;
using AutLearn.Testing.Faults;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Data;

[Trait("Category", "Fault")]
public sealed class RegularDataTests
{
    private static readonly Dictionary<string, (string Name, Action<string> Read)> Readers = new(StringComparer.Ordinal)
    {
        ["model"] = ("m.onnx", p => ModelFile.Read(p)),
        ["idx"] = ("x.idx", p => IdxFile.Read(p)),
        ["image"] = ("x.png", p => ImageFile.Decode(p)),
        ["classes"] = ("c.tsv", p => ClassNames.Read(p)),
        ["text"] = ("t.txt", p => SentenceFile.Read(p, LabelNeed.Ignored)),
        ["packed text"] = ("t.txt.gz", p => SentenceFile.Read(p, LabelNeed.Ignored)),
        ["sentences"] = ("s.tsv", p => SentenceFile.Read(p, LabelNeed.Needed)),
        ["synonyms"] = ("s.tsv", p => SynonymFile.Open(p)),
        ["compiled synonyms"] = ("s.synonyms", p => SynonymFile.Open(p)),
        ["hash"] = ("h.txt", p => DataHash.Of(p)),
    };

    public static TheoryData<string> Names => [.. Readers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Read_PipeOrDevice_IsRefused(string reader)
    {
        using var folder = new TemporaryFolder();
        (string name, Action<string> read) = Readers[reader];
        IReadOnlyList<Exception> errors = await NotAFile.ReadEach(Path.Combine(folder.Path, name), read, NotAFile.Kinds.Where(k => k != "folder"));
        Assert.All(errors, e => Assert.Contains("is no regular file", Assert.IsType<DataFileException>(e).Message, StringComparison.Ordinal));
    }
}
