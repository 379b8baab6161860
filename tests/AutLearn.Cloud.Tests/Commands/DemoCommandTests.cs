using System.Diagnostics;
using System.Text.Json;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class DemoCommandTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Demo_DrawnWriter_LearnsTheHand(int person)
    {
        JsonElement report = (await ToolRun.Of("demo", "--person", $"{person}", "--json")).Json();
        double before = report.GetProperty("before").GetProperty("accuracy").GetDouble();
        double after = report.GetProperty("after").GetProperty("accuracy").GetDouble();
        Assert.Equal(434, report.GetProperty("train_images").GetInt32());
        Assert.Equal(186, report.GetProperty("hold_out_images").GetInt32());
        Assert.True(before > 0.3, $"person {person}: the network reads a new hand at {before}");
        Assert.True(after > before + 0.1, $"person {person}: {before} -> {after}");
        Assert.Equal(62, report.GetProperty("classes").GetInt32());
        Assert.InRange(report.GetProperty("package_bytes").GetInt64(), 1, 1_200_000);
    }

    [Fact]
    public async Task Demo_SameSeed_GivesTheSameAccuracies()
    {
        JsonElement first = (await ToolRun.Of("demo", "--repetitions", "4", "--epochs", "3", "--json")).Json();
        JsonElement second = (await ToolRun.Of("demo", "--repetitions", "4", "--epochs", "3", "--json")).Json();
        Assert.Equal(first.GetProperty("after").GetRawText(), second.GetProperty("after").GetRawText());
        Assert.Equal(first.GetProperty("epochs").GetRawText(), second.GetProperty("epochs").GetRawText());
    }

    [Fact]
    public async Task Demo_Text_IsAShortReport()
    {
        ToolRun run = await ToolRun.Of("demo", "--repetitions", "4", "--epochs", "3");
        Assert.Equal(0, run.ExitCode);
        Assert.All(new[] { "before", "after", "classifier.weight", "a drawn writer", "on the device" }, t => Assert.Contains(t, run.Output, StringComparison.Ordinal));
        Assert.InRange(run.Output.Split('\n').Length, 10, 40);
    }

    [Fact]
    public async Task Demo_DataFolderMissing_NamesTheOneThatWasTried()
    {
        string place = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        Assert.Contains(place, await ComplaintAsync(place), StringComparison.Ordinal);

        // Without the variable: from the root of the disk there is nothing above.
        string searched = await ComplaintAsync("");
        Assert.Contains("AUTLEARN_DATA", searched, StringComparison.Ordinal);
        Assert.Contains($"'{Path.GetPathRoot(AppContext.BaseDirectory)}'", searched, StringComparison.Ordinal);
    }

    // In a process of its own, as the variable is the whole process's.
    private static async Task<string> ComplaintAsync(string data)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AutLearn.Cloud.dll"), "demo", "--writer", "1"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetPathRoot(AppContext.BaseDirectory),
        };
        start.Environment["AUTLEARN_DATA"] = data;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((1, ""), (process.ExitCode, await output));
        return error;
    }

    [Theory]
    [InlineData("--writer", "x")]
    [InlineData("--repetitions", "1")]
    [InlineData("--epochs", "0")]
    public async Task Demo_WrongOption_ExitsWithTwo(params string[] options) => (await ToolRun.Of(["demo", .. options])).AssertFails(2);
}
