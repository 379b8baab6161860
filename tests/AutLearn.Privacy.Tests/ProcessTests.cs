using AutLearn.Tracing;
using Xunit.Abstractions;

namespace AutLearn.Privacy.Tests;

/// <summary>Whole processes, traced with a fresh home: no socket beyond an app's own page, no file outside the folders it was given.</summary>
[Trait("Category", "Conformance")]
public sealed class ProcessTests(ITestOutputHelper output)
{
    // Generous: a day takes seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static TheoryData<string> ToolCommands => [.. TracedPrograms.ToolCommands];

    [SkippableTheory]
    [MemberData(nameof(ToolCommands))]
    public async Task Tool_OnEachCommand_StaysAtHome(string command)
    {
        Requirement.TraceOrSkip();
        using var world = new TracedWorld();
        SystemCalls calls = await TracedPrograms.ToolAsync(world, command).WaitAsync(Patience);

        // The demonstration is given no folder: it works in one of its own among the temporary ones, and takes it away.
        StaysAtHome(world, calls, command == "demo" ? world.Temporary : world.Given);
        Assert.Empty(calls.Sockets);
        if (command is "compile" or "personalize" or "pretrain")
            Assert.NotEmpty(calls.Files);
    }

    [SkippableFact]
    public async Task Keyboard_WhileItIsUsed_OpensItsOwnPageAlone()
    {
        Requirement.TraceOrSkip();
        using var world = new TracedWorld();
        IsAPage(world, await TracedPrograms.KeyboardAsync(world).WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task Gallery_WhileItIsUsed_OpensItsOwnPageAlone()
    {
        Requirement.TraceOrSkip();
        using var world = new TracedWorld();
        IsAPage(world, await TracedPrograms.GalleryAsync(world).WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task App_InADayOfItsLife_StaysInItsFolderAndIsSilent()
    {
        Requirement.TraceOrSkip();
        using var world = new TracedWorld();
        SystemCalls calls = await TracedPrograms.DayAsync(world).WaitAsync(Patience);
        StaysAtHome(world, calls, world.Given);
        Assert.Empty(calls.Sockets);
        Assert.Empty(calls.Error);
        string[] phases = ["install", "store samples", "learn offline", "save", "forget"];
        Assert.Empty(phases.Except(calls.Files.Select(f => f.Phase)));
    }

    [SkippableFact]
    public async Task App_ThatUsesOnnxRuntimeBeforeAutLearn_IsTold()
    {
        Requirement.TraceOrSkip();
        using var world = new TracedWorld();
        SystemCalls calls = await TracedPrograms.DayAsync(world, onnxFirst: TimeSpan.Zero).WaitAsync(Patience);
        Print(world, calls);
        Assert.Equal(0, calls.ExitCode);
        Assert.Contains("Warning 60", calls.Error, StringComparison.Ordinal);

        // What AutLearn prevents elsewhere: should a version of ONNX Runtime not do this any more, the tests above would pass of themselves.
        Assert.Contains(calls.Outside(world.Given), f => Path.GetFileName(f.Path) == "onnxruntime.db");
    }

    private void IsAPage(TracedWorld world, SystemCalls calls)
    {
        StaysAtHome(world, calls, world.Given);
        Assert.NotEmpty(calls.Files);
        SocketUse used = Assert.Single(calls.Sockets, s => !s.IsProbe);
        Assert.True(used.IsLoopbackListener, $"{used}");
        Assert.All(calls.Sockets.Where(s => s.IsProbe).GroupBy(s => s.Family), f => Assert.Single(f));
    }

    private void StaysAtHome(TracedWorld world, SystemCalls calls, string allowed)
    {
        Print(world, calls);
        Assert.True(calls.ExitCode == 0, $"It ended with {calls.ExitCode}: {calls.Error}");
        Assert.Empty(calls.Outside(allowed));
        Assert.Empty(Directory.EnumerateFileSystemEntries(world.Home));
        Assert.Empty(Directory.EnumerateFileSystemEntries(world.Temporary));
    }

    private void Print(TracedWorld world, SystemCalls calls)
    {
        foreach (SocketUse socket in calls.Sockets)
            output.WriteLine($"{socket}");
        foreach (FileChange file in calls.Kept)
            output.WriteLine($"{file.Phase}: {file.Call} {world.Shorten(file.Path)}");
        output.WriteLine(calls.Output);
        output.WriteLine(calls.Error);
    }
}
