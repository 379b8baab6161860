using System.Text;
using System.Text.Json;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;
using AutLearn.Text;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class PretrainTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mean")]
    [InlineData("attention")]
    [InlineData("lstm")]
    public async Task Classifier_FromLabelledSentences_LearnsAndCarriesItsTokenizer(string pooling)
    {
        string model = await ClassifierAsync(pooling);
        TextArtifacts text = TextNotes.Read(OnnxFile.Read(model))!;
        Assert.Equal((TextTokenizerKind.Words, "tokens", 0, 6), (text.Spec.Tokenizer, text.Spec.Tokens, text.Spec.Padding, text.Spec.MaxLength));

        string package = _folder.File("c.autlearn"), again = _folder.File("again.onnx");
        await ToolRun.Of("compile", model, "--out", package);
        using PersonalModel opened = PersonalModel.Open(package);
        TextEncoder encoder = TextEncoder.Of(opened);
        Assert.Equal(["<pad>", "<unk>"], ((WordVocabulary)encoder.Tokenizer).Words[..2].AsEnumerable());
        string[] sentences = ["A GOOD film", "an awful film", "so good", "It\u2019s awful, awful"];
        using PredictionBatch batch = opened.Predict(encoder.Inputs(sentences));
        Assert.Equal(["pos", "neg", "pos", "neg"], Enumerable.Range(0, 4).Select(r => opened.Manifest.Classes[batch.PredictedClass(r)]));

        // What a person's model is exported as carries the tokenizer on.
        opened.Export(again);
        Assert.Equal(text.Files[ArtifactNames.Vocabulary].ToArray(), TextNotes.Read(OnnxFile.Read(again))!.Files[ArtifactNames.Vocabulary].ToArray());
    }

    [Fact]
    public async Task LanguageModel_Compiled_CarriesItsTokenizer()
    {
        string lines = _folder.Write("text.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("It\u2019s a cat \U0001F602\n", 40)))), model = _folder.File("lm.onnx"), package = _folder.File("lm.autlearn");
        await ToolRun.Of("pretrain", lines, "--recipe", "lstm-lm", "--hidden", "8", "--layers", "1", "--epochs", "1", "--sequence", "5", "--out", model);
        await ToolRun.Of("compile", model, "--out", package);
        using PersonalModel opened = PersonalModel.Open(package);
        TextEncoder encoder = TextEncoder.Of(opened);
        Assert.Equal(5, encoder.Spec.MaxLength);
        long[] tokens = encoder.Encode("it's a CAT \U0001F602 and more");
        Assert.Equal(["it's", "a", "cat", "\U0001F602", "<eol>"], tokens.Select(t => encoder.Tokenizer.TokenAt((int)t)));
        Assert.Equal("it's a cat \U0001F602", encoder.Decode(tokens));
    }

    // Words keep their numbers and classes theirs, whatever the new data hold: the weights mean them.
    [Fact]
    public async Task Model_ThatCarriesItsTokenizer_GoesOnWithIt()
    {
        string first = await ClassifierAsync("mean"), again = _folder.File("again.onnx");
        string data = _folder.Write("more.tsv", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("pos\tzebra quagga good\nneg\tawful zebra\n", 20))));
        await ToolRun.Of("pretrain", data, "--model", first, "--epochs", "1", "--out", again);
        TextArtifacts before = TextNotes.Read(OnnxFile.Read(first))!, after = TextNotes.Read(OnnxFile.Read(again))!;
        Assert.Equal(before.Files[ArtifactNames.Vocabulary].ToArray(), after.Files[ArtifactNames.Vocabulary].ToArray());
        Assert.Equal(["neg", "pos"], ModelNotes.Classes(OnnxFile.Read(again)).AsEnumerable());
        JsonElement report = (await ToolRun.Of("evaluate", again, SmallTexts.Labelled(_folder), "--json")).Json();
        Assert.True(report.GetProperty("figures").GetProperty("accuracy").GetDouble() > 0.95, report.ToString());

        string other = _folder.Write("other.tsv", "good\tgood film\nbad\tawful film\n"u8.ToArray());
        (await ToolRun.Of("pretrain", other, "--model", first, "--validation", "0", "--out", again)).AssertFails(1, "'good'", "'neg', 'pos'");
        (await ToolRun.Of("pretrain", data, "--model", first, "--vocabulary", "50", "--out", again)).AssertFails(2, "--vocabulary");
    }

    [Fact]
    public async Task LanguageModel_ThatCarriesItsTokenizer_GoesOnWithIt()
    {
        string lines = _folder.Write("text.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the cat sat on the mat\n", 40)))), first = _folder.File("lm.onnx"), again = _folder.File("lm2.onnx");
        await ToolRun.Of("pretrain", lines, "--recipe", "lstm-lm", "--hidden", "8", "--layers", "1", "--epochs", "1", "--sequence", "5", "--out", first);
        string more = _folder.Write("more.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a mat sat on the zebra\n", 40))));
        await ToolRun.Of("pretrain", more, "--model", first, "--epochs", "1", "--out", again);
        TextArtifacts before = TextNotes.Read(OnnxFile.Read(first))!, after = TextNotes.Read(OnnxFile.Read(again))!;
        Assert.Equal(before.Files[ArtifactNames.Vocabulary].ToArray(), after.Files[ArtifactNames.Vocabulary].ToArray());
        Assert.Equal(5, after.Spec.MaxLength);
    }

    [Theory]
    [InlineData("pos\tgood\n", "one sentence cannot serve")]
    [InlineData("pos\tgood\npos\tfine\n", "one label for all sentences ('pos')")]
    [InlineData("good film\nbad film\n", "row 1 has no label")]
    public async Task Classifier_FromWhatItCannotLearn_SaysWhy(string content, string part)
    {
        string data = _folder.Write("data.txt", Encoding.UTF8.GetBytes(content));
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--out", _folder.File("o.onnx"))).AssertFails(1, part);
    }

    [Fact]
    public async Task WrongUsage_SaysWhatIsWrong()
    {
        string data = _folder.Write("data.txt", "pos\tgood\nneg\tbad\n"u8.ToArray()), target = _folder.File("o.onnx");
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--tied", "--out", target)).AssertFails(2, "--tied");
        (await ToolRun.Of("pretrain", data, "--recipe", "lstm-lm", "--pooling", "mean", "--out", target)).AssertFails(2, "--pooling");
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--pooling", "max", "--out", target)).AssertFails(2, "max");
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--text-column", "x", "--out", target)).AssertFails(2, "--text-column 'x'");
        Assert.False(File.Exists(target));
    }

    private Task<string> ClassifierAsync(string pooling) => SmallTexts.ClassifierAsync(_folder, pooling);
}
