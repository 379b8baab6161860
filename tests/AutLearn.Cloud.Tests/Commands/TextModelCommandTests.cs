using System.Text;
using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class TextModelCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Evaluate_Classifier_CountsByClass()
    {
        string model = await SmallTexts.ClassifierAsync(_folder, "mean"), package = _folder.File("c.autlearn");
        await ToolRun.Of("compile", model, "--out", package);
        string data = _folder.Write("test.csv", "sentence,class\nso good,pos\nan awful one,neg\n\"good, good\",neg\n"u8.ToArray());
        foreach (string file in (string[])[package, model])
        {
            JsonElement report = (await ToolRun.Of("evaluate", file, data, "--json")).Json();
            Assert.Equal("classifier", report.GetProperty("kind").GetString());
            JsonElement figures = report.GetProperty("figures");
            Assert.Equal((2, 3), (figures.GetProperty("correct").GetInt32(), figures.GetProperty("count").GetInt32()));
            Assert.Equal(JsonValueKind.Null, figures.GetProperty("perplexity").ValueKind);
            Assert.Equal(JsonValueKind.Null, figures.GetProperty("top3_accuracy").ValueKind);
            Assert.Equal(["neg", "pos"], report.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
            JsonElement wrong = Assert.Single(report.GetProperty("confusion").EnumerateArray(), c => c.GetProperty("label").GetInt32() != c.GetProperty("predicted").GetInt32());
            Assert.Equal(1, wrong.GetProperty("count").GetInt32());
            Assert.Contains("text: sentence, labels: class", report.GetProperty("data").GetString(), StringComparison.Ordinal);
        }

        Assert.Contains("text of, taken for", (await ToolRun.Of("evaluate", package, data)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_ClassifierOnTextsWithoutLabels_ShowsTheLikeliestClasses()
    {
        string model = await SmallTexts.ClassifierAsync(_folder, "attention");
        JsonElement report = (await ToolRun.Of("evaluate", model, _folder.Write("new.txt", "good\nawful\n"u8.ToArray()), "--json")).Json();
        Assert.Equal(JsonValueKind.Null, report.GetProperty("figures").ValueKind);
        Assert.Equal(["good", "awful"], report.GetProperty("predictions").EnumerateArray().Select(p => p.GetProperty("text").GetString()));
        Assert.Equal(["pos", "neg"], report.GetProperty("predictions").EnumerateArray().Select(p => p.GetProperty("top")[0].GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Evaluate_LanguageModel_TellsLossPerplexityAndHits()
    {
        string package = await SmallTexts.LanguageModelAsync(_folder);
        JsonElement known = (await ToolRun.Of("evaluate", package, _folder.Write("a.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the cat sat on the mat\na dog lay by the door\n", 4)))), "--json")).Json();
        JsonElement figures = known.GetProperty("figures");
        Assert.Equal("language_model", known.GetProperty("kind").GetString());
        Assert.Equal(54, figures.GetProperty("count").GetInt32());
        Assert.Equal(Math.Exp(figures.GetProperty("loss").GetDouble()), figures.GetProperty("perplexity").GetDouble(), 1e-9);
        Assert.True(figures.GetProperty("accuracy").GetDouble() > 0.7, known.ToString());
        Assert.True(figures.GetProperty("top3_accuracy").GetDouble() >= figures.GetProperty("accuracy").GetDouble());
        JsonElement strange = (await ToolRun.Of("evaluate", package, _folder.Write("b.txt", "zebra quagga\n"u8.ToArray()), "--json")).Json();
        Assert.Equal(1, strange.GetProperty("unknown_tokens").GetDouble());
        Assert.Equal(2, strange.GetProperty("figures").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Personalize_Classifier_LearnsAPersonsLabelsAndExports()
    {
        string model = await SmallTexts.ClassifierAsync(_folder, "mean"), package = _folder.File("c.autlearn"), state = _folder.File("me.state"), mine = _folder.File("mine.onnx");
        await ToolRun.Of("compile", model, "--out", package);

        // This person says it the other way round.
        string data = _folder.Write("mine.tsv", Encoding.UTF8.GetBytes("label\ttext\n" + string.Concat(Enumerable.Repeat(string.Concat(SmallTexts.Good.Select(s => $"neg\t{s}\n").Concat(SmallTexts.Bad.Select(s => $"pos\t{s}\n"))), 5))));
        JsonElement report = (await ToolRun.Of("personalize", package, data, "--epochs", "30", "--lr", "0.05", "--save-state", state, "--export", mine, "--json")).Json();
        Assert.Equal((28, 12), (report.GetProperty("train_rows").GetInt32(), report.GetProperty("hold_out_rows").GetInt32()));
        Assert.True(report.GetProperty("before").GetProperty("accuracy").GetDouble() < 0.2, report.ToString());
        Assert.True(report.GetProperty("after").GetProperty("accuracy").GetDouble() > 0.9, report.ToString());
        Assert.NotNull(TextNotes.Read(OnnxFile.Read(mine)));
        foreach (string[] personal in (string[][])[[package, data, "--state", state], [mine, data]])
            Assert.True((await ToolRun.Of(["evaluate", .. personal, "--json"])).Json().GetProperty("figures").GetProperty("accuracy").GetDouble() > 0.9);
    }

    [Fact]
    public async Task Personalize_LanguageModel_LearnsHowAPersonGoesOn()
    {
        string package = await SmallTexts.LanguageModelAsync(_folder);
        string data = _folder.Write("mine.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the dog sat by the cat\n", 60))));
        JsonElement report = (await ToolRun.Of("personalize", package, data, "--epochs", "20", "--lr", "0.02", "--json")).Json();
        Assert.True(report.GetProperty("after").GetProperty("perplexity").GetDouble() < 0.5 * report.GetProperty("before").GetProperty("perplexity").GetDouble(), report.ToString());
        Assert.True(report.GetProperty("after").GetProperty("accuracy").GetDouble() > report.GetProperty("before").GetProperty("accuracy").GetDouble(), report.ToString());
        Assert.Contains("next word hit", (await ToolRun.Of("personalize", package, data, "--epochs", "1")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TextModel_DataThatDoNotFit_SaysWhatToDo()
    {
        string model = await SmallTexts.ClassifierAsync(_folder, "mean"), package = _folder.File("c.autlearn");
        await ToolRun.Of("compile", model, "--out", package);
        (await ToolRun.Of("evaluate", package, _folder.Write("a.csv", "text,label\ngood,maybe\n"u8.ToArray()))).AssertFails(1, "'maybe'", "'neg', 'pos'");
        (await ToolRun.Of("personalize", package, _folder.Write("b.txt", "good\nbad\n"u8.ToArray()))).AssertFails(1, "row 1 has no label");
        (await ToolRun.Of("personalize", package, _folder.Write("c.txt", "pos\tgood\n"u8.ToArray()))).AssertFails(1, "one sentence is too little");
        (await ToolRun.Of("evaluate", package, _folder.Write("d.txt", "good\n"u8.ToArray()), "--mean", "0")).AssertFails(2, "reads text");
        (await ToolRun.Of("evaluate", package, _folder.File("none.txt"))).AssertFails(1, "none.txt", "does not exist");
        string images = SmallNetwork.Write(_folder.File("small.onnx"));
        (await ToolRun.Of("evaluate", images, PatternImages.WriteIdx(_folder), "--text-column", "x")).AssertFails(2, "--text-column");
        string lm = await SmallTexts.LanguageModelAsync(_folder);
        (await ToolRun.Of("personalize", lm, _folder.Write("e.txt", "cat\n"u8.ToArray()))).AssertFails(1, "one sequence of 6 tokens is too little");
    }

    [Fact]
    public async Task Data_DividedByAColumn_AreLearnedAndMeasuredAsDivided()
    {
        string rows = string.Concat(Enumerable.Repeat(string.Concat(SmallTexts.Good.Select(s => $"pos\ttrain\t{s}\n").Concat(SmallTexts.Bad.Select(s => $"neg\ttrain\t{s}\n"))), 10));
        string data = _folder.Write("all.tsv", Encoding.UTF8.GetBytes("label\tsplit\ttext\n" + rows + "pos\tdev\tgood film\nneg\tdev\tawful film\nneg\tdev\tso awful\npos\ttest\tgood zebra\npos\ttest\tawful zebra\n"));
        string model = _folder.File("c.onnx"), package = _folder.File("c.autlearn");
        JsonElement trained = (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--hidden", "16", "--epochs", "12", "--batch-size", "8", "--lr", "0.02", "--out", model, "--json")).Json();
        Assert.Equal((80, 3), (trained.GetProperty("train_rows").GetInt32(), trained.GetProperty("validation_rows").GetInt32()));
        Assert.DoesNotContain("zebra", await File.ReadAllLinesAsync(_folder.File("c.vocabulary.txt")));
        JsonElement test = (await ToolRun.Of("evaluate", model, data, "--json")).Json();
        Assert.Equal(("test", 2, 1), (test.GetProperty("part").GetString(), test.GetProperty("sentences").GetInt32(), test.GetProperty("figures").GetProperty("correct").GetInt32()));
        Assert.Equal(3, (await ToolRun.Of("evaluate", model, data, "--split", "validation", "--json")).Json().GetProperty("sentences").GetInt32());
        await ToolRun.Of("compile", model, "--out", package);
        JsonElement mine = (await ToolRun.Of("personalize", package, data, "--epochs", "1", "--json")).Json();
        Assert.Equal((80, 2), (mine.GetProperty("train_rows").GetInt32(), mine.GetProperty("hold_out_rows").GetInt32()));
        JsonElement language = (await ToolRun.Of("pretrain", data, "--recipe", "lstm-lm", "--hidden", "8", "--layers", "1", "--sequence", "3", "--epochs", "1", "--out", _folder.File("lm.onnx"), "--json")).Json();
        Assert.Equal(2, language.GetProperty("validation_rows").GetInt32());
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--validation", "0.5", "--out", model)).AssertFails(2, "divided already");
        (await ToolRun.Of("evaluate", model, SmallTexts.Labelled(_folder), "--split", "test")).AssertFails(2, "--split");
    }

    // Two inputs, as models of a hub have them, and BERT's tokenizer beside.
    [Fact]
    public async Task Compile_WithTheTokenizerOfAHub_CarriesItToWhatUsesIt()
    {
        string hub = Directory.CreateDirectory(_folder.File("hub")).FullName, model = Path.Combine(hub, "model.onnx"), package = _folder.File("bert.autlearn");
        OnnxFile.Write(MaskedMean(10, 2), model);
        File.WriteAllText(Path.Combine(hub, "vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\nawful\nfilm\n##s\na\nso\n");
        await ToolRun.Of("compile", model, "--all", "--tokenizer", hub, "--max-tokens", "16", "--out", package);
        string data = _folder.Write("mine.tsv", Encoding.UTF8.GetBytes("label\ttext\n" + string.Concat(Enumerable.Repeat("0\ta good film\n1\tso awful films\n0\tSO GOOD\n1\tawful\n", 10))));
        JsonElement report = (await ToolRun.Of("personalize", package, data, "--epochs", "30", "--lr", "0.05", "--json")).Json();
        Assert.True(report.GetProperty("after").GetProperty("accuracy").GetDouble() > 0.9, report.ToString());
        (await ToolRun.Of("compile", model, "--max-tokens", "9", "--out", package)).AssertFails(2, "--tokenizer");
        (await ToolRun.Of("compile", model, "--tokenizer", _folder.File("none"), "--out", package)).AssertFails(1, "no tokenizer at");
        (await ToolRun.Of("compile", SmallNetwork.Write(_folder.File("small.onnx")), "--tokenizer", hub, "--out", package)).AssertFails(1, "no input that may take tokens");
    }

    [Fact]
    public async Task Pretrain_ModelOfAHubWithItsTokenizer_LearnsThroughItsMask()
    {
        string model = _folder.File("model.onnx"), vocabulary = _folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\nawful\nfilm\n##s\na\nso\n"u8.ToArray()), tuned = _folder.File("tuned.onnx");
        OnnxFile.Write(MaskedMean(10, 2), model);
        string data = _folder.Write("mine.tsv", Encoding.UTF8.GetBytes("label\ttext\n" + string.Concat(Enumerable.Repeat("fine\ta good film\npoor\tso awful films, so very awful, so awful\nfine\tSO GOOD\npoor\tawful\n", 15))));
        JsonElement report = (await ToolRun.Of("pretrain", data, "--model", model, "--tokenizer", vocabulary, "--epochs", "20", "--batch-size", "8", "--lr", "0.05", "--out", tuned, "--json")).Json();
        Assert.True(report.GetProperty("epochs")[19].GetProperty("validation_accuracy").GetDouble() > 0.9, report.ToString());
        TextArtifacts text = TextNotes.Read(OnnxFile.Read(tuned))!;
        Assert.Equal((TextTokenizerKind.WordPiece, "attention_mask"), (text.Spec.Tokenizer, text.Spec.Mask));
        Assert.True((await ToolRun.Of("evaluate", tuned, data, "--json")).Json().GetProperty("figures").GetProperty("accuracy").GetDouble() > 0.95);
        (await ToolRun.Of("pretrain", data, "--recipe", "text-classifier", "--tokenizer", vocabulary, "--out", tuned)).AssertFails(2, "--tokenizer");
    }

    private static OnnxModel MaskedMean(int words, int classes)
    {
        var graph = new OnnxGraph("masked-mean");
        var random = new Random(3);
        Value tokens = graph.AddInput("input_ids", new TensorType(ElementType.Int64, new Shape("batch", "sequence"))), mask = graph.AddInput("attention_mask", new TensorType(ElementType.Int64, new Shape("batch", "sequence")));
        Value embedded = Node("Gather", [Weights("embedding", words, 8), tokens], "embedded");
        Value weights = Node("Unsqueeze", [Node("Cast", [mask], "mask", ("to", AttributeValue.Of((long)ElementType.Float32))), graph.AddInitializer("last", Tensor.Vector(2L))], "weights");
        Value sum = Node("ReduceSum", [Node("Mul", [embedded, weights], "weighed"), graph.AddInitializer("time", Tensor.Vector(1L))], "sum", ("keepdims", AttributeValue.Of(0L)));
        Value count = Node("ReduceSum", [weights, graph.AddInitializer("time_of_count", Tensor.Vector(1L))], "count", ("keepdims", AttributeValue.Of(0L)));
        graph.AddOutput(Node("Gemm", [Node("Div", [sum, count], "mean"), Weights("classifier", 8, classes), graph.AddInitializer("bias", Tensor.Of<float>([classes], new float[classes]))], "logits"));
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Weights(string name, int rows, int columns) =>
            graph.AddInitializer(name, Tensor.Of<float>([rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() - 0.5))]));

        Value Node(string type, Value[] inputs, string output, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(type, inputs, [output], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: output).Outputs[0]!;
    }
}
