using System.Security.Cryptography;
using System.Text.Json;
using AutLearn.Augment.Images;
using AutLearn.Augment.Text;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class AugmentCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Text_Default_KeepsOriginalsAndPunctuation()
    {
        string input = _folder.Write("in.txt", "The happy dog runs home.\n\nIt is late!\n"u8.ToArray());
        string output = _folder.File("out.txt");
        JsonElement report = (await ToolRun.Of("augment", "text", input, "--out", output, "-n", "3", "--json")).Json();
        string[] lines = File.ReadAllLines(output);
        Assert.Equal(2, report.GetProperty("sentences").GetInt32());
        Assert.Equal(lines.Length, report.GetProperty("written").GetInt32());
        Assert.Equal("The happy dog runs home.", lines[0]);
        Assert.Equal("It is late!", lines[4]);
        Assert.All(lines[..4], l => Assert.EndsWith(".", l, StringComparison.Ordinal));
        Assert.Equal(lines.Length, lines.Distinct().Count());
    }

    [Fact]
    public async Task Text_Labelled_CarriesTheLabel()
    {
        string input = _folder.Write("in.tsv", "1\ta truly good film\n0\ta bad one, sadly\n"u8.ToArray());
        string output = _folder.File("out.tsv");
        await ToolRun.Of("augment", "text", input, "--out", output, "--labelled", "--only-new", "-n", "4", "--mode", "reference");
        string[] lines = File.ReadAllLines(output);
        Assert.All(lines, l => Assert.True(l.StartsWith("1\t", StringComparison.Ordinal) || l.StartsWith("0\t", StringComparison.Ordinal)));
        Assert.True(lines.Length >= 8);
    }

    [Fact]
    public async Task Text_SameSeed_GivesTheSameBytes()
    {
        string input = _folder.Write("in.txt", "One small step for a man, one giant leap for mankind.\n"u8.ToArray());
        byte[][] outputs = [.. Enumerable.Range(0, 3).Select(i => Run(i).GetAwaiter().GetResult())];
        Assert.Equal(outputs[0], outputs[1]);
        Assert.NotEqual(outputs[0], outputs[2]);

        async Task<byte[]> Run(int i)
        {
            string output = _folder.File($"out{i}.txt");
            await ToolRun.Of("augment", "text", input, "--out", output, "--seed", i < 2 ? "5" : "6");
            return await File.ReadAllBytesAsync(output);
        }
    }

    [Fact]
    public async Task Text_NoUtf8_NamesFileAndRow()
    {
        string input = _folder.Write("bad.txt", [(byte)'a', (byte)'\n', 0xFF, 0xFE]);
        (await ToolRun.Of("augment", "text", input, "--out", _folder.File("o"))).AssertFails(1, "bad.txt", "UTF-8");
        Assert.False(File.Exists(_folder.File("o")));
    }

    [Fact]
    public async Task Text_RowWithoutLabel_NamesTheRow()
    {
        string input = _folder.Write("in.tsv", "1\tgood\nno label\n"u8.ToArray());
        (await ToolRun.Of("augment", "text", input, "--labelled", "--out", _folder.File("o"))).AssertFails(1, "row 2");
    }

    [Fact]
    public async Task Text_UserTable_IsUsed()
    {
        string table = _folder.Write("words.tsv", "rabbit\thare\n"u8.ToArray());
        string compiled = _folder.File("words.syn");
        Assert.Equal(2, (await ToolRun.Of("augment", "synonyms", table, "--out", compiled, "--json")).Json().GetProperty("words").GetInt32());
        using (FileStream stream = File.OpenRead(compiled))
            Assert.Equal("hare", Assert.Single(SynonymTableFile.Load(stream, compiled).Synonyms("rabbit")));
        string input = _folder.Write("in.txt", "rabbit rabbit\n"u8.ToArray());
        string output = _folder.File("out.txt");
        await ToolRun.Of("augment", "text", input, "--out", output, "--synonyms", compiled, "--alpha", "1", "-n", "20");
        Assert.Contains("hare hare", File.ReadAllLines(output));
    }

    [Fact]
    public async Task Synonyms_DamagedTable_IsNamed()
    {
        string table = _folder.Write("broken.syn", RandomNumberGenerator.GetBytes(400));
        string input = _folder.Write("in.txt", "a b\n"u8.ToArray());
        (await ToolRun.Of("augment", "text", input, "--out", _folder.File("o"), "--synonyms", table)).AssertFails(1, "broken.syn");
    }

    [Fact]
    public async Task Images_Folder_DrawsOriginalAndVariants()
    {
        string images = Path.Combine(PatternImages.WriteFolder(_folder), "top");
        string sheet = _folder.File("sheet.png");
        JsonElement report = (await ToolRun.Of("augment", "images", images, "--out", sheet, "--rows", "3", "--variants", "2", "--side", "20", "--json")).Json();
        Assert.Equal(3, report.GetProperty("rows").GetInt32());
        PixelImage drawn = ImageDecoder.DecodeFile(sheet);
        Assert.Equal((4 + (3 * 24), 4 + (3 * 24)), (drawn.Width, drawn.Height));

        // The same seed gives the same pixels.
        string again = _folder.File("again.png");
        await ToolRun.Of("augment", "images", images, "--out", again, "--rows", "3", "--variants", "2", "--side", "20");
        Assert.Equal(await File.ReadAllBytesAsync(sheet), await File.ReadAllBytesAsync(again));
        Assert.True(Difference(drawn, 0, 1) > 1, "the first variant equals the original");
        Assert.True(Difference(drawn, 1, 2) > 1, "the variants are equal");
    }

    [Fact]
    public async Task Images_PipelineFile_ReplacesThePreset()
    {
        string images = Path.Combine(PatternImages.WriteFolder(_folder), "top");
        string pipeline = _folder.Write("none.json", System.Text.Encoding.UTF8.GetBytes(new ImagePipeline(new ImagePipelineOptions { Steps = [new CenterCropStep(1)] }).ToJson()));
        string sheet = _folder.File("sheet.png");
        await ToolRun.Of("augment", "images", images, "--out", sheet, "--rows", "2", "--variants", "1", "--side", "20", "--pipeline", pipeline);
        Assert.Equal(0, Difference(ImageDecoder.DecodeFile(sheet), 0, 1));
        string broken = _folder.Write("broken.json", "{\"Steps\": 3"u8.ToArray());
        (await ToolRun.Of("augment", "images", images, "--out", sheet, "--pipeline", broken)).AssertFails(1, "broken.json");
        (await ToolRun.Of("augment", "images", images, "--out", _folder.File("sheet.jpg"))).AssertFails(2, "--out", "PNG", "sheet.png");
        JsonElement named = (await ToolRun.Of("augment", "images", images, "--out", _folder.File("aug"), "--rows", "1", "--variants", "1", "--side", "20", "--json")).Json();
        Assert.Equal(_folder.File("aug.png"), named.GetProperty("output").GetString());
        Assert.Equal((true, false), (File.Exists(_folder.File("aug.png")), File.Exists(_folder.File("aug"))));
    }

    [Theory]
    [InlineData("augment")]
    [InlineData("augment", "text", "x")]
    [InlineData("augment", "images", "x", "--out", "y", "--rows", "0")]
    public async Task Augment_WrongUsage_ExitsWithTwo(params string[] arguments) => (await ToolRun.Of(arguments)).AssertFails(2);

    // The mean difference in grey levels between two columns of the first row.
    private static double Difference(PixelImage sheet, int first, int second)
    {
        double sum = 0;
        for (int y = 4; y < 24; y++)
        {
            for (int x = 4; x < 24; x++)
            {
                uint a = sheet.Pixels[(y * sheet.Width) + x + (first * 24)] & 255, b = sheet.Pixels[(y * sheet.Width) + x + (second * 24)] & 255;
                sum += Math.Abs((double)a - b);
            }
        }

        return sum / 400;
    }
}
