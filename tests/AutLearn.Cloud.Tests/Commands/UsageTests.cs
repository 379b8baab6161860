using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class UsageTests
{
    [Theory]
    [InlineData("nonsense")]
    [InlineData("inspect")]
    [InlineData("inspect", "a.onnx", "b.onnx")]
    [InlineData("inspect", "a.onnx", "--wrong")]
    [InlineData("inspect", "a.onnx", "--json", "--wrong")]
    [InlineData("compile", "a.onnx", "--out", "b", "--loss", "foo")]
    [InlineData]
    public async Task Run_WrongCommandLine_ExitsWithTwoAndOneLine(params string[] args) =>
        (await ToolRun.Of(args)).AssertFails(2, "--help");

    [Theory]
    [InlineData("autlearn", "nonsense")]
    [InlineData("autlearn inspect", "inspect", "a.onnx", "--wrong")]
    [InlineData("autlearn augment", "augment")]
    [InlineData("autlearn augment text", "augment", "text", "a.txt")]
    [InlineData("autlearn augment images", "augment", "images", "a", "--out", "b.png", "--rows", "0")]
    [InlineData("autlearn augment synonyms", "augment", "synonyms", "a", "--wrong")]
    public async Task Run_WrongCommandLine_NamesTheHelpOfThatCommand(string command, params string[] args)
    {
        (await ToolRun.Of(args)).AssertFails(2, $"Try '{command} --help'.");
        ToolRun help = await ToolRun.Of([.. command.Split(' ')[1..], "--help"]);
        Assert.Equal(0, help.ExitCode);
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("compile")]
    public async Task Run_Help_ExitsWithZero(params string[] command)
    {
        ToolRun run = await ToolRun.Of([.. command, "--help"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Version_ExitsWithZero()
    {
        ToolRun run = await ToolRun.Of("--version");
        Assert.Equal(0, run.ExitCode);
        Assert.NotEmpty(run.Output);
    }

    [Fact]
    public async Task Run_FolderThatIsNoPackage_SaysWhichCommandMakesOne()
    {
        using var folder = new TemporaryFolder();
        (await ToolRun.Of("evaluate", folder.Path, folder.Path)).AssertFails(1, "that 'autlearn compile' wrote");
        (await ToolRun.Of("personalize", folder.File("none"), folder.Path)).AssertFails(1, "that 'autlearn compile' wrote");
    }

    [Theory]
    [InlineData("evaluate")]
    [InlineData("personalize")]
    [InlineData("compile")]
    [InlineData("inspect")]
    [InlineData("pretrain")]
    public async Task Run_AnyFileForAModel_NeverLooksLikeADefect(string command)
    {
        using var folder = new TemporaryFolder();
        string data = PhotoFolders.Clean(folder);
        foreach ((string name, string text) in new[] { ("empty.onnx", ""), ("text.onnx", "hello"), ("table.csv", "a,b\n1,2\n"), ("zip.autlearn", "PK\u0003\u0004"), ("photo.jpg", "\u00FF\u00D8") })
        {
            string file = folder.File(name);
            File.WriteAllText(file, text);
            string[] args = command switch
            {
                "evaluate" or "personalize" => [command, file, data],
                "compile" => [command, file, "--out", folder.File("out.autlearn")],
                "pretrain" => [command, data, "--model", file, "--out", folder.File("out.onnx")],
                _ => [command, file],
            };
            (await ToolRun.Of(args)).AssertFails(1, name);
        }
    }
}
