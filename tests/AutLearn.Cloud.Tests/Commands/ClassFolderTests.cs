using System.Text;
using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>Folders of photos as people have them, through the whole tool.</summary>
[Trait("Category", "Unit")]
public sealed class ClassFolderTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string _model = "";
    private string _package = "";

    public async Task InitializeAsync()
    {
        _model = ColorNetwork.Write(_folder.File("color.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, false);
        string names = _folder.File("names.txt");
        File.WriteAllLines(names, PhotoFolders.Classes);
        _package = _folder.File("color.autlearn");
        Assert.Equal(0, (await ToolRun.Of("compile", _model, "--out", _package, "--classes", names, "--preprocessing", "unit", "--learning-rate", "0.1")).ExitCode);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(".png")]
    [InlineData(".jfif")]
    [InlineData(".JPG")]
    [InlineData(".webp")]
    public async Task Evaluate_EachEnding_IsRead(string ending)
    {
        string photos = Path.Combine(_folder.Path, "photos");
        PhotoFolders.Fill(photos, PhotoFolders.Abc(), ending);
        await AssertRight(photos, 36);
    }

    [Fact]
    public async Task Evaluate_MixedEndings_TakesAll()
    {
        string photos = PhotoFolders.Clean(_folder);
        PhotoFolders.Fill(photos, PhotoFolders.Abc(), ".jfif", count: 4);
        await AssertRight(photos, 48);
    }

    [Fact]
    public async Task Evaluate_NestedFolders_BelongToTheirClass()
    {
        string photos = PhotoFolders.Clean(_folder);
        PhotoFolders.Fill(photos, PhotoFolders.Abc(), ".png", inner: Path.Combine("2024", "may"));
        await AssertRight(photos, 72);
    }

    [Fact]
    public async Task Evaluate_LinkToItsOwnFolder_EndsAndCountsOnce()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right there.");
        string photos = PhotoFolders.Clean(_folder);
        Directory.CreateSymbolicLink(Path.Combine(photos, "a", "again"), Path.Combine(photos, "a"));
        await AssertRight(photos, 36);
    }

    [Fact]
    public async Task Evaluate_MissingClass_ShiftsNoOther()
    {
        string photos = Path.Combine(_folder.Path, "shifted");
        PhotoFolders.Fill(photos, [(0, "a"), (2, "c")]);
        JsonElement report = await AssertRight(photos, 24);
        Assert.Equal(["b"], Strings(report.GetProperty("left_out").GetProperty("missing_classes")));
        ToolRun text = await ToolRun.Of("evaluate", _package, photos);
        Assert.Contains("1 class: b", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_EmptyFolder_IsReported()
    {
        string photos = PhotoFolders.Clean(_folder);
        foreach (string name in (string[])["b", "later"])
        {
            if (Directory.Exists(Path.Combine(photos, name)))
                Directory.Delete(Path.Combine(photos, name), recursive: true);
            Directory.CreateDirectory(Path.Combine(photos, name));
        }

        JsonElement report = await AssertRight(photos, 24);
        Assert.Equal(["b", "later"], Strings(report.GetProperty("left_out").GetProperty("empty_folders")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(".ipynb_checkpoints")]
    [InlineData(".git")]
    [InlineData("__MACOSX")]
    [InlineData("@eaDir")]
    public async Task Evaluate_HiddenFolder_IsNoClass(string hidden)
    {
        string photos = PhotoFolders.Clean(_folder);
        PhotoFolders.Fill(photos, [(0, hidden)], count: 2);
        PhotoFolders.Fill(Path.Combine(photos, "a"), [(1, hidden)], count: 2);
        JsonElement report = await AssertRight(photos, 36);
        Assert.Equal(2, report.GetProperty("left_out").GetProperty("hidden_folders").GetArrayLength());
    }

    [Fact]
    public async Task Evaluate_FilesBesidePhotos_AreCounted()
    {
        string photos = PhotoFolders.Clean(_folder);
        for (int i = 0; i < 12; i++)
            File.WriteAllBytes(Path.Combine(photos, "a", $"._{i}.png"), [0, 5, 0x16, 7, 0, 2, 0, 0]);
        File.WriteAllText(Path.Combine(photos, "b", "Thumbs.db"), "x");
        File.WriteAllText(Path.Combine(photos, "b", ".DS_Store"), "x");
        File.WriteAllText(Path.Combine(photos, "b", "notes.txt"), "x");
        File.WriteAllText(Path.Combine(photos, "b", "more.txt"), "x");
        File.WriteAllText(Path.Combine(photos, "c", "README"), "x");
        File.Copy(Path.Combine(photos, "c", "0.png"), Path.Combine(photos, "loose.png"));
        JsonElement left = (await AssertRight(photos, 36)).GetProperty("left_out");
        Assert.Equal(14, left.GetProperty("hidden_files").GetInt32());
        Assert.Equal(1, left.GetProperty("loose_photos").GetInt32());
        Assert.Equal(2, left.GetProperty("other_files").GetProperty(".txt").GetInt32());
        Assert.Equal(1, left.GetProperty("other_files").GetProperty("").GetInt32());
    }

    [Theory]
    [InlineData("dog", "'dog' is none of the model's 3 classes: 'a', 'b', 'c'")]
    [InlineData("A ", "'a' and 'A ' both mean the class 'a'")]
    [InlineData("a ", "differ in what nobody sees")]
    public async Task Evaluate_FolderOfNoClass_IsRefusedByName(string name, string message)
    {
        string photos = PhotoFolders.Clean(_folder);
        PhotoFolders.Fill(photos, [(0, name)]);
        (await ToolRun.Of("evaluate", _package, photos)).AssertFails(1, message);
    }

    [Theory]
    [InlineData("A", "b", "C")]
    [InlineData(" a", "B ", "c")]
    public async Task Evaluate_NamesInOtherCaseOrWithBlanks_AreTheSame(params string[] names)
    {
        string photos = Path.Combine(_folder.Path, "alike");
        PhotoFolders.Fill(photos, names.Select((n, i) => (i, n)));
        await AssertRight(photos, 36);
    }

    [Fact]
    public async Task Evaluate_AccentsWrittenApart_AreTheSame()
    {
        string names = _folder.File("accents.txt");
        File.WriteAllLines(names, ["caf\u00e9", "b", "c"]);
        string photos = Path.Combine(_folder.Path, "accents");
        PhotoFolders.Fill(photos, [(0, "cafe\u0301"), (1, "b"), (2, "c")]);
        Assert.Equal(1, (await ToolRun.Of("evaluate", _model, photos, "--classes", names, "--json")).Json().GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task Evaluate_AmbiguousCase_IsRefused()
    {
        string names = _folder.File("cases.txt");
        File.WriteAllLines(names, ["Aa", "aA", "c"]);
        string photos = Path.Combine(_folder.Path, "cases");
        PhotoFolders.Fill(photos, [(0, "AA"), (2, "c")]);
        (await ToolRun.Of("evaluate", _model, photos, "--classes", names)).AssertFails(1, "'AA' can mean class 0 'Aa' or class 1 'aA'");
        PhotoFolders.Fill(Path.Combine(_folder.Path, "exact"), [(0, "Aa"), (1, "aA"), (2, "c")]);
        Assert.Equal(1, (await ToolRun.Of("evaluate", _model, Path.Combine(_folder.Path, "exact"), "--classes", names, "--json")).Json().GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task Evaluate_NamelessModel_TakesPositionsOnlyWhenTold()
    {
        string photos = PhotoFolders.Clean(_folder);
        (await ToolRun.Of("evaluate", _model, photos)).AssertFails(1, "--classes", "--match position");
        Assert.Equal(1, (await ToolRun.Of("evaluate", _model, photos, "--match", "position", "--json")).Json().GetProperty("accuracy").GetDouble());
        Directory.Delete(Path.Combine(photos, "b"), recursive: true);
        (await ToolRun.Of("evaluate", _model, photos, "--match", "position")).AssertFails(1, "has 2 classes, but the model has 3");
        Assert.Equal(1, (await ToolRun.Of("evaluate", _model, PhotoFolders.Clean(_folder), "--classes", PhotoFolders.Clean(_folder), "--json")).Json().GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task Compile_NamesThatDoNotCount_AreRefused()
    {
        string names = _folder.File("four.txt");
        File.WriteAllLines(names, ["a", "b", "c", "d"]);
        (await ToolRun.Of("compile", _model, "--out", _folder.File("four.autlearn"), "--classes", names)).AssertFails(1, "tell 3 classes apart", "4 are named");
        (await ToolRun.Of("evaluate", _model, PhotoFolders.Clean(_folder), "--classes", names)).AssertFails(1, "scores 3 classes", "4 are named");
    }

    [Theory]
    [InlineData("evaluate")]
    [InlineData("personalize")]
    [InlineData("pretrain")]
    [InlineData("augment")]
    public async Task SkipBad_OneBrokenPhoto_IsLeftOutAndNamed(string command)
    {
        string photos = PhotoFolders.Clean(_folder);
        File.WriteAllText(Path.Combine(photos, "b", "broken.jpg"), "no image");
        File.WriteAllText(Path.Combine(photos, "c", "phone.heic"), "ftypheic");
        string[] args = command switch
        {
            "evaluate" => ["evaluate", _package, photos],
            "personalize" => ["personalize", _package, photos, "--epochs", "1"],
            "pretrain" => ["pretrain", photos, "--model", _model, "--out", _folder.File("out.onnx"), "--epochs", "1", "--batch-size", "4"],
            _ => ["augment", "images", photos, "--out", _folder.File("sheet.png"), "--rows", "200"],
        };
        ToolRun strict = await ToolRun.Of(args);
        Assert.Equal(1, strict.ExitCode);
        Assert.True(strict.Error.Contains("broken.jpg", StringComparison.Ordinal) || strict.Error.Contains("phone.heic", StringComparison.Ordinal), strict.Error);
        JsonElement report = (await ToolRun.Of([.. args, "--skip-bad", "--json"])).Json();
        if (command == "augment")
        {
            Assert.Equal(36, report.GetProperty("rows").GetInt32());
            return;
        }

        JsonElement[] skipped = [.. report.GetProperty("left_out").GetProperty("skipped").EnumerateArray()];
        Assert.Equal(["broken.jpg", "phone.heic"], skipped.Select(s => Path.GetFileName(s.GetProperty("image").GetString())));
        Assert.Contains("HEIC", skipped[1].GetProperty("problem").GetString()!, StringComparison.Ordinal);
        Assert.Equal(36, command switch
        {
            "evaluate" => report.GetProperty("images").GetInt32(),
            "personalize" => report.GetProperty("train_images").GetInt32() + report.GetProperty("hold_out_images").GetInt32(),
            _ => report.GetProperty("train_rows").GetInt32() + report.GetProperty("validation_rows").GetInt32(),
        });
    }

    [Fact]
    public async Task SkipBad_NothingReadable_IsAnError()
    {
        File.WriteAllText(_folder.File("bad", "a", "broken.jpg"), "no image");
        (await ToolRun.Of("personalize", _package, Path.Combine(_folder.Path, "bad"), "--skip-bad")).AssertFails(1, "broken.jpg", "nor can any other");
    }

    [Fact]
    public async Task Names_FromPretrainToEvaluate_Travel()
    {
        string trained = _folder.File("trained.onnx"), package = _folder.File("trained.autlearn"), exported = _folder.File("personal.onnx");
        string photos = PhotoFolders.Clean(_folder);
        Assert.Equal(0, (await ToolRun.Of("pretrain", photos, "--model", _model, "--out", trained, "--epochs", "1", "--batch-size", "4", "--preprocessing", "unit")).ExitCode);
        JsonElement compiled = (await ToolRun.Of("compile", trained, "--out", package, "--json")).Json();
        Assert.Contains("/ 255, NCHW Float32", compiled.GetProperty("images").GetString()!, StringComparison.Ordinal);
        string shifted = Path.Combine(_folder.Path, "shifted");
        PhotoFolders.Fill(shifted, [(2, "C"), (0, "a")]);
        Assert.Equal(0, (await ToolRun.Of("personalize", package, photos, "--epochs", "1", "--export", exported)).ExitCode);
        foreach (string model in (string[])[trained, package, exported])
        {
            JsonElement report = (await ToolRun.Of("evaluate", model, shifted, "--json")).Json();
            Assert.Equal(1, report.GetProperty("accuracy").GetDouble());
            Assert.Equal(["a", "c"], report.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        }

        // Names belong to the head that learned them.
        using ArtifactPackage headless = await Compiled(trained, "--new-head", "5");
        Assert.Empty(headless.Manifest.Classes);
    }

    [Fact]
    public async Task Pretrain_AccentsAndParts_AreReadAsOne()
    {
        string tree = Path.Combine(_folder.Path, "tree");
        PhotoFolders.Fill(Path.Combine(tree, "train"), PhotoFolders.Abc());
        PhotoFolders.Fill(Path.Combine(tree, "val"), [(0, "A"), (1, "b"), (2, "c")], count: 3);
        PhotoFolders.Fill(Path.Combine(tree, "test"), [(0, "a")], count: 5);
        JsonElement pretrained = (await ToolRun.Of("pretrain", tree, "--model", _model, "--out", _folder.File("t.onnx"), "--epochs", "1", "--batch-size", "4", "--json")).Json();
        Assert.Equal((36, 9), (pretrained.GetProperty("train_rows").GetInt32(), pretrained.GetProperty("validation_rows").GetInt32()));
        JsonElement personal = (await ToolRun.Of("personalize", _package, tree, "--epochs", "1", "--json")).Json();
        Assert.Equal((36, 5), (personal.GetProperty("train_images").GetInt32(), personal.GetProperty("hold_out_images").GetInt32()));
        JsonElement test = (await ToolRun.Of("evaluate", _package, tree, "--json")).Json();
        Assert.Equal(("test", 5), (test.GetProperty("part").GetString(), test.GetProperty("images").GetInt32()));
        Assert.Equal(9, (await ToolRun.Of("evaluate", _package, tree, "--split", "validation", "--json")).Json().GetProperty("images").GetInt32());
        (await ToolRun.Of("pretrain", tree, "--model", _model, "--out", _folder.File("t.onnx"), "--validation", "0.2")).AssertFails(2, "--validation");
        (await ToolRun.Of("evaluate", _package, PhotoFolders.Clean(_folder), "--split", "test")).AssertFails(2, "--split");
    }

    [Fact]
    public async Task Evaluate_Confusion_CountsEachClass()
    {
        // Two of a's photos lie among b's.
        string photos = PhotoFolders.Clean(_folder);
        File.Move(Path.Combine(photos, "a", "0.png"), Path.Combine(photos, "b", "x.png"));
        File.Move(Path.Combine(photos, "a", "1.png"), Path.Combine(photos, "b", "y.png"));
        JsonElement report = (await ToolRun.Of("evaluate", _package, photos, "--json")).Json();
        JsonElement[] classes = [.. report.GetProperty("classes").EnumerateArray()];
        Assert.Equal([10, 14, 12], classes.Select(c => c.GetProperty("images").GetInt32()));
        Assert.Equal(10 / 12d, classes[0].GetProperty("precision").GetDouble(), 1e-9);
        Assert.Equal(1, classes[0].GetProperty("recall").GetDouble());
        Assert.Equal(12 / 14d, classes[1].GetProperty("recall").GetDouble(), 1e-9);
        Assert.Equal(2 * (10 / 12d) / (1 + (10 / 12d)), classes[0].GetProperty("f1").GetDouble(), 1e-9);
        Assert.Contains(report.GetProperty("confusion").EnumerateArray(), c => (c.GetProperty("label").GetInt32(), c.GetProperty("predicted").GetInt32(), c.GetProperty("count").GetInt32()) == (1, 0, 2));
        ToolRun text = await ToolRun.Of("evaluate", _package, photos);
        Assert.All(new[] { "image of, taken for", "recall", "precision", "83.3 %", "85.7 %" }, t => Assert.Contains(t, text.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("table.csv", ',')]
    [InlineData("table.csv", ';')]
    [InlineData("table.tsv", '\t')]
    public async Task Table_FileAndLabel_AreRead(string name, char separator)
    {
        string photos = PhotoFolders.Clean(_folder);
        var lines = new StringBuilder($"filename{separator}split{separator}label\n");
        foreach ((int kind, string label) in PhotoFolders.Abc())
        {
            for (int i = 0; i < 12; i++)
                lines.Append(FormattableString.Invariant($"\"clean/{label}/{i}.png\"{separator}{(i < 8 ? "train" : "test")}{separator}{(kind == 1 ? "B" : label)}\r\n"));
        }

        string table = _folder.File(name);
        File.WriteAllText(table, lines.ToString(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        JsonElement report = (await ToolRun.Of("evaluate", _package, table, "--json")).Json();
        Assert.Equal((12, 1d), (report.GetProperty("images").GetInt32(), report.GetProperty("accuracy").GetDouble()));
        Assert.Equal(24, (await ToolRun.Of("personalize", _package, table, "--epochs", "1", "--json")).Json().GetProperty("train_images").GetInt32());
        Assert.Equal(24, (await ToolRun.Of("pretrain", table, "--model", _model, "--out", _folder.File("t.onnx"), "--epochs", "1", "--batch-size", "4", "--json")).Json().GetProperty("train_rows").GetInt32());
        Assert.True(Directory.Exists(photos));
    }

    [Theory]
    [InlineData("file,label\nnone.png,a\n", "row 2", "none.png")]
    [InlineData("file,label\nclean/a/0.png,dog\n", "row 2", "'dog' is none")]
    [InlineData("file,label\nclean/a/0.png\n", "table.csv", "")]
    [InlineData("clean/a/0.png,a\n", "'file'", "'label'")]
    [InlineData("file,label\n", "no rows", "")]
    [InlineData("file,label\n,a\n", "row 2", "empty")]
    [InlineData("file,label,split\nclean/a/0.png,a,mine\n", "row 2", "'mine'")]
    [InlineData("", "table.csv", "")]
    public async Task Table_Wrong_NamesTheLine(string text, string first, string second)
    {
        PhotoFolders.Clean(_folder);
        string table = _folder.File("table.csv");
        File.WriteAllText(table, text);
        (await ToolRun.Of("evaluate", _package, table)).AssertFails(1, first, second);
    }

    private async Task<ArtifactPackage> Compiled(string model, params string[] options)
    {
        string path = _folder.File("again.autlearn");
        Assert.Equal(0, (await ToolRun.Of(["compile", model, "--out", path, .. options])).ExitCode);
        return ArtifactPackage.Open(path);
    }

    private async Task<JsonElement> AssertRight(string photos, int count)
    {
        JsonElement report = (await ToolRun.Of("evaluate", _package, photos, "--json")).Json();
        Assert.Equal((count, 1d), (report.GetProperty("images").GetInt32(), report.GetProperty("accuracy").GetDouble()));
        return report;
    }

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];
}
