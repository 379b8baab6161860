using AutLearn.Testing;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class OptimizedModelCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly string _cache;

    public OptimizedModelCacheTests()
    {
        _path = LinearArtifacts.Write(_folder.File("model.autlearn"));
        _cache = _folder.File("cache");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_SecondStart_LoadsTheOptimizedCopies()
    {
        byte[] first = Run(out List<string> firstMessages);
        Assert.Equal(2, Directory.GetFiles(_cache).Length);
        byte[] second = Run(out List<string> secondMessages);
        Assert.Equal(first, second);
        Assert.Equal(2, firstMessages.Count(m => m.EndsWith("optimised copy: False", StringComparison.Ordinal)));
        Assert.Equal(2, secondMessages.Count(m => m.EndsWith("optimised copy: True", StringComparison.Ordinal)));
        Assert.Equal(2, Directory.GetFiles(_cache).Length);
    }

    [Fact]
    public void Open_DamagedCopies_AreBuiltAgain()
    {
        byte[] first = Run(out _);
        foreach (string file in Directory.GetFiles(_cache))
        {
            byte[] bytes = File.ReadAllBytes(file);
            bytes[bytes.Length / 2] ^= 0x10;
            File.WriteAllBytes(file, bytes);
        }

        Assert.Equal(first, Run(out List<string> messages));
        Assert.Equal(2, messages.Count(m => m.Contains("damaged", StringComparison.Ordinal)));
        foreach (string file in Directory.GetFiles(_cache))
            File.WriteAllBytes(file, []);
        Assert.Equal(first, Run(out _));
        Assert.Equal(first, Run(out messages));
        Assert.Equal(2, messages.Count(m => m.EndsWith("optimised copy: True", StringComparison.Ordinal)));
    }

    [Fact]
    public void Open_OtherLevel_UsesAnotherCopy()
    {
        Run(out _);
        Run(out _, GraphOptimization.Basic);
        Assert.Equal(4, Directory.GetFiles(_cache).Length);
    }

    [Fact]
    public void Open_FolderThatCannotBeWritten_GoesOnWithoutACopy()
    {
        File.WriteAllText(_cache, "a file where the folder should be");
        Run(out List<string> messages);
        Assert.Equal(2, messages.Count(m => m.Contains("could not be kept", StringComparison.Ordinal)));
    }

    private byte[] Run(out List<string> messages, GraphOptimization optimization = GraphOptimization.All)
    {
        var logger = new Recorder();
        (float[] input, long[] labels) = LinearArtifacts.Data(4);
        using var model = PersonalModel.Open(_path, new() { OptimizedModelCacheFolder = _cache, GraphOptimization = optimization, IntraOpThreads = 1 }, logger);
        model.TrainStepOnInputs(input, labels, 0.1);
        messages = logger.Messages;
        return model.GetParameter("w").Bytes.ToArray();
    }

    private sealed class Recorder : ILogger<PersonalModel>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }
}
