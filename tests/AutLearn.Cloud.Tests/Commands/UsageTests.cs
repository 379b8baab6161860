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
}
