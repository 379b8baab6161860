using System.Text.Json;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>The outcome of one command line, run in this process as if its output were redirected.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public static async Task<ToolRun> Of(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = await Program.RunAsync(args, new ToolConsole(output, error, isInteractive: false), CancellationToken.None);
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Parses the output, which must be one JSON document and nothing else.</summary>
    public JsonElement Json()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Checks that the run failed with one clear line and no stack trace.</summary>
    public void AssertFails(int exitCode, params string[] mentions)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode}: {Output}{Error}");
        Assert.Empty(Output);
        Assert.Single(Error.TrimEnd().Split('\n'));
        Assert.StartsWith("autlearn: ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", Error, StringComparison.Ordinal);
        Assert.All(mentions, m => Assert.Contains(m, Error, StringComparison.Ordinal));
    }
}
