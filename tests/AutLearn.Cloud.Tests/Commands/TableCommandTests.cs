using System.Globalization;
using System.Text;
using System.Text.Json;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>Tables of numbers, from the file to a personal model by the tool alone.</summary>
[Trait("Category", "Unit")]
public sealed class TableCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("numbers", "mse", "price", "area")]
    [InlineData("numbers", "huber", "price")]
    [InlineData("tags", "bce", "large", "cheap")]
    [InlineData("classes", "cross-entropy", "kind")]
    public async Task Walk_Table_LearnsAndKeepsItsColumns(string kind, string loss, params string[] targets)
    {
        string[] others = [.. new[] { "price", "area", "large", "cheap", "kind", "name" }.Except(targets)];
        string table = Write("houses.csv", 240), model = _folder.File("mlp.onnx"), package = _folder.File("mlp.autlearn");
        JsonElement trained = (await ToolRun.Of([
            "pretrain", table, "--recipe", "mlp", .. targets.SelectMany(t => new[] { "--target", t }), .. others.SelectMany(o => new[] { "--ignore", o }),
            "--loss", loss, "--hidden", "16", "--epochs", "60", "--lr", "0.01", "--out", model, "--json"])).Json();
        JsonElement[] epochs = [.. trained.GetProperty("epochs").EnumerateArray()];
        Assert.True(epochs[^1].GetProperty("validation_loss").GetDouble() < 0.5 * epochs[0].GetProperty("train_loss").GetDouble(), trained.ToString());
        Assert.Equal(["rooms", "width", "depth"], ModelNotes.Table(OnnxFile.Read(model))!.Features.AsEnumerable());

        Assert.Equal(0, (await ToolRun.Of("compile", model, "--optimizer", "adam", "--out", package)).ExitCode);
        using (PersonalModel opened = PersonalModel.Open(package))
        {
            Assert.Equal(targets, opened.Manifest.Table!.Targets.AsEnumerable());
            Assert.Equal(loss, opened.Manifest.Loss.Kind switch { "mean_squared" => "mse", "binary_cross_entropy_with_logits" => "bce", "softmax_cross_entropy" => "cross-entropy", var other => other });
        }

        // The columns of the second table stand in another order; they are known by name.
        JsonElement measured = (await ToolRun.Of("evaluate", package, Write("others.csv", 60, first: 1000, isTurned: true), "--json")).Json();
        Assert.Equal(kind, measured.GetProperty("kind").GetString());
        foreach (JsonElement target in measured.GetProperty("figures").GetProperty("targets").EnumerateArray())
        {
            double good = kind == "numbers" ? target.GetProperty("explained_variance").GetDouble() : target.GetProperty("accuracy").GetDouble();
            Assert.True(good > 0.85, measured.GetProperty("figures").ToString());
        }

        string export = _folder.File("personal.onnx");
        JsonElement personal = (await ToolRun.Of("personalize", package, Write("mine.csv", 80, first: 2000, shift: 0.4), "--epochs", "20", "--lr", "0.01", "--export", export, "--json")).Json();
        Assert.True(personal.GetProperty("after").GetProperty("loss").GetDouble() < personal.GetProperty("before").GetProperty("loss").GetDouble(), personal.ToString());
        Assert.Equal(targets, ModelNotes.Table(OnnxFile.Read(export))!.Targets.AsEnumerable());
    }

    [Fact]
    public async Task Evaluate_TableWithoutTargets_ListsPredictions()
    {
        string package = await Package();
        string table = _folder.Write("new.csv", "depth,rooms,width\n4,3,5\n6,2,3\n"u8.ToArray());
        JsonElement report = (await ToolRun.Of("evaluate", package, table, "--json")).Json();
        Assert.Equal(JsonValueKind.Null, report.GetProperty("figures").ValueKind);
        Assert.Equal(2, report.GetProperty("predictions").GetArrayLength());
        Assert.All(report.GetProperty("predictions").EnumerateArray(), p => Assert.True(double.IsFinite(Assert.Single(p.EnumerateArray()).GetDouble())));
    }

    [Theory]
    [InlineData("rooms,width,depth,price\n1,2,3,4\n1,2,3,4,5\n", "row 3")]
    [InlineData("rooms,width,depth,price\n1,2,3,4\n1,x,3,4\n", "row 3, column 'width': 'x' is no number")]
    [InlineData("rooms;width;depth;price\n1;2,5;3;4\n", "decimal comma; write 2.5")]
    [InlineData("rooms,width,depth,price\n1,2,3,4\n1,,3,4\n", "row 3, column 'width': the cell is empty")]
    [InlineData("rooms,width,depth,price\n1,2,3,4\n1,2,3,nan\n", "row 3, column 'price'")]
    [InlineData("rooms,width,depth,price\n1,1e999,3,4\n", "column 'width'")]
    [InlineData("rooms,width,depth,price\n1,\"39,787\",3,4\n", "write 39787 or 39.787")]
    [InlineData("rooms,width,depth,price\n1,NA,3,4\n", "stands for no number")]
    [InlineData("1,2,3,4\n1,2,3,4\n", "no header")]
    [InlineData("rooms,rooms,depth,price\n1,2,3,4\n", "two columns are called 'rooms'")]
    [InlineData("rooms,width,price,\n1,2,3,\n", "column 4 has no name")]
    [InlineData("rooms,width,depth\n1,2,3\n", "no column 'price'")]
    [InlineData("rooms,width,depth,price\n", "no row below its header")]
    [InlineData("price\n1\n2\n", "beside the targets")]
    public async Task Pretrain_TableThatIsNone_NamesRowAndColumn(string text, string message) =>
        (await ToolRun.Of("pretrain", _folder.Write("bad.csv", Encoding.UTF8.GetBytes(text)), "--recipe", "mlp", "--target", "price", "--out", _folder.File("no.onnx"))).AssertFails(1, message);

    [Fact]
    public async Task Pretrain_ModelThatKnowsItsColumns_LearnsOnByName()
    {
        await Package("kind", "cross-entropy");
        string model = _folder.File("kind.onnx"), more = Write("turned.csv", 60, first: 500, isTurned: true), next = _folder.File("next.onnx");
        JsonElement report = (await ToolRun.Of("pretrain", more, "--model", model, "--epochs", "1", "--lr", "1e-9", "--out", next, "--json")).Json();
        Assert.Equal(["rooms", "width", "depth"], ModelNotes.Table(OnnxFile.Read(next))!.Features.AsEnumerable());
        Assert.Equal(ModelNotes.Classes(OnnxFile.Read(model)).AsEnumerable(), ModelNotes.Classes(OnnxFile.Read(next)).AsEnumerable());
        Assert.Equal(0, (await ToolRun.Of("compile", next, "--out", _folder.File("next.autlearn"))).ExitCode);
        double Right(string package) => ToolRun.Of("evaluate", _folder.File(package), more, "--json").Result.Json().GetProperty("figures").GetProperty("targets")[0].GetProperty("accuracy").GetDouble();
        Assert.Equal(Right("kind.autlearn"), Right("next.autlearn"), 0.05);

        (await ToolRun.Of("pretrain", more, "--model", model, "--target", "price", "--out", next)).AssertFails(2, "'kind'", "leave --target out");
        (await ToolRun.Of("pretrain", more, "--model", model, "--loss", "mse", "--out", next)).AssertFails(2, "--loss mse");
        (await ToolRun.Of("pretrain", _folder.Write("castle.csv", "rooms,width,depth,kind\n1,2,3,castle\n4,5,6,hut\n"u8.ToArray()), "--model", model, "--out", next)).AssertFails(1, "row 2", "'castle'", "hut, villa");
        (await ToolRun.Of("pretrain", _folder.Write("less.csv", "rooms,width,kind\n1,2,hut\n4,5,hut\n"u8.ToArray()), "--model", model, "--out", next)).AssertFails(1, "no column 'depth'");
    }

    [Fact]
    public async Task Compile_PerceptronOfSeveralTargets_TrainsNoScale()
    {
        string table = Write("houses.csv", 60), model = _folder.File("two.onnx");
        Assert.Equal(0, (await ToolRun.Of("pretrain", table, "--recipe", "mlp", "--target", "price", "--target", "area", "--ignore", "large", "--ignore", "cheap", "--ignore", "kind", "--ignore", "name", "--epochs", "1", "--out", model)).ExitCode);
        foreach (string selection in (string[])["--last=1", "--all"])
        {
            JsonElement report = (await ToolRun.Of("compile", model, selection, "--out", _folder.File("two.autlearn"), "--json")).Json();
            string[] trained = [.. report.GetProperty("trained").GetProperty("parameters").EnumerateArray().Select(p => p.GetString()!)];
            Assert.All(trained, t => Assert.Matches("^(head|layer_[12])\\.(weight|bias)$", t));
            Assert.Contains("head.weight", trained);
        }
    }

    [Fact]
    public async Task Pretrain_ColumnOfParts_DividesTheTable()
    {
        string[] lines = File.ReadAllLines(Write("all.csv", 40));
        string table = _folder.Write("parts.csv", Encoding.UTF8.GetBytes(string.Join('\n', lines.Select((l, i) => $"{l},{(i == 0 ? "split" : i % 5 == 0 ? "test" : i % 5 == 1 ? "val" : "train")}")) + "\n"));
        string[] command = ["pretrain", table, "--recipe", "mlp", "--target", "price", "--ignore", "name", "--ignore", "kind", "--ignore", "cheap", "--epochs", "1", "--out", _folder.File("parts.onnx"), "--json"];
        JsonElement report = (await ToolRun.Of(command)).Json();
        Assert.Equal((24, 8), (report.GetProperty("train_rows").GetInt32(), report.GetProperty("validation_rows").GetInt32()));
        Assert.DoesNotContain("split", ModelNotes.Table(OnnxFile.Read(_folder.File("parts.onnx")))!.Features);
    }

    [Fact]
    public async Task Pretrain_PricesAsClasses_AreRefused() =>
        (await ToolRun.Of("pretrain", Write("houses.csv", 100), "--recipe", "mlp", "--target", "price", "--loss", "cross-entropy", "--ignore", "name", "--ignore", "kind", "--ignore", "cheap", "--out", _folder.File("no.onnx"))).AssertFails(1, "hardly classes", "--loss mse");

    [Fact]
    public async Task Pretrain_BadRows_AreLeftOutWhereAsked()
    {
        string table = _folder.Write("some.csv", Encoding.UTF8.GetBytes(File.ReadAllText(Write("good.csv", 40)) + "x,1,1,1,1,0,0,a,b\n"));
        string[] command = ["pretrain", table, "--recipe", "mlp", "--target", "price", "--ignore", "name", "--ignore", "kind", "--ignore", "cheap", "--epochs", "2", "--out", _folder.File("some.onnx"), "--json"];
        (await ToolRun.Of(command)).AssertFails(1, "row 42");
        JsonElement report = (await ToolRun.Of([.. command, "--skip-bad"])).Json();
        Assert.Equal(40, report.GetProperty("train_rows").GetInt32() + report.GetProperty("validation_rows").GetInt32());
        Assert.Contains("row 42", Assert.Single(report.GetProperty("skipped_rows").EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("--target", "--recipe", "mlp")]
    [InlineData("does not read tables of numbers", "--recipe", "mobilenet", "--target", "price")]
    [InlineData("belong to tables", "--recipe", "mlp", "--loss", "l1")]
    [InlineData("given twice", "--recipe", "mlp", "--target", "price", "--ignore", "price")]
    [InlineData("one --target", "--recipe", "mlp", "--target", "price", "--target", "area", "--loss", "cross-entropy")]
    public async Task Pretrain_OptionsThatDoNotFit_AreRefused(string message, params string[] options) =>
        (await ToolRun.Of(["pretrain", Write("houses.csv", 10), "--out", _folder.File("no.onnx"), .. options])).AssertFails(2, message);

    [Fact]
    public async Task Evaluate_TagOrClassThatIsNone_NamesTheRow()
    {
        string package = await Package("kind", "cross-entropy");
        (await ToolRun.Of("evaluate", package, _folder.Write("bad.csv", "rooms,width,depth,kind\n1,2,3,castle\n"u8.ToArray()))).AssertFails(1, "row 2", "'castle'");
        string tags = await Package("large", "bce");
        (await ToolRun.Of("evaluate", tags, _folder.Write("worse.csv", "rooms,width,depth,large\n1,2,3,0.5\n"u8.ToArray()))).AssertFails(1, "neither 0 nor 1");
        (await ToolRun.Of("evaluate", _folder.File("large.onnx"), _folder.File("worse.csv"))).AssertFails(2, "compile");
    }

    private async Task<string> Package(string target = "price", string loss = "mse")
    {
        string[] others = [.. new[] { "price", "area", "large", "cheap", "kind", "name" }.Where(c => c != target)];
        string model = _folder.File($"{target}.onnx"), package = _folder.File($"{target}.autlearn");
        Assert.Equal(0, (await ToolRun.Of(["pretrain", Write("houses.csv", 60), "--recipe", "mlp", "--target", target, "--loss", loss, "--hidden", "4", "--epochs", "1", "--out", model, .. others.SelectMany(o => new[] { "--ignore", o })])).ExitCode);
        Assert.Equal(0, (await ToolRun.Of("compile", model, "--out", package)).ExitCode);
        return package;
    }

    private string Write(string name, int rows, int first = 0, double shift = 0, bool isTurned = false)
    {
        var text = new StringBuilder(isTurned ? "price,area,large,cheap,kind,name,depth,width,rooms\n" : "rooms,width,depth,price,area,large,cheap,kind,name\n");
        for (int i = first; i < first + rows; i++)
        {
            var random = new Random(i);
            double count = 1 + random.Next(6), width = 3 + (5 * random.NextDouble()), depth = 4 + (6 * random.NextDouble()), area = width * depth;
            double price = (20_000 * count) + (3_000 * area) + (100_000 * shift);
            string told = string.Create(CultureInfo.InvariantCulture, $"{price:0.0},{area:0.000},{(area > 40 + (20 * shift) ? 1 : 0)},{(price < 190_000 ? "yes" : "no")},{(count > 3 ? "villa" : "hut")},house {i}");
            text.Append(isTurned
                ? string.Create(CultureInfo.InvariantCulture, $"{told},{depth:0.000},{width:0.000},{count}\n")
                : string.Create(CultureInfo.InvariantCulture, $"{count},{width:0.000},{depth:0.000},{told}\n"));
        }

        return _folder.Write(name, Encoding.UTF8.GetBytes(text.ToString()));
    }
}
