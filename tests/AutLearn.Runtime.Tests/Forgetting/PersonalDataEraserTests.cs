using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Stores.Samples;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Forgetting;

[Trait("Category", "Fault")]
public sealed class PersonalDataEraserTests : IDisposable
{
    private const string Notes = "/notes";
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public PersonalDataEraserTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ForgetSourceAsync_AfterLearning_EqualsNeverHavingHadIt()
    {
        byte[] expected;
        using (var never = new Device(this, "never"))
        {
            never.Add("kept", 0, 100);
            await never.Offline.RunAsync();
            expected = never.State();
        }

        using var device = new Device(this, "device");
        device.Add("kept", 0, 100);
        device.Add("chat", 100, 30);
        await device.Offline.RunAsync();
        Assert.NotEqual(expected, device.State());
        long[] forgotten = [.. device.Samples.List().Where(s => s.Source == "chat").Select(s => s.Id)];
        await device.Eraser.ForgetSourceAsync("chat");
        Assert.Equal(100, device.Samples.List().Count);
        Assert.All(forgotten, id => Assert.False(device.Features.Contains(new(id, 0))));
        Assert.Empty(device.Generations.ReadNewestFirst());
        Assert.Equal(LinearArtifacts.Weight, device.Model.GetParameter("w").Span<float>().ToArray());
        Assert.False(device.Eraser.IsPending);
        await device.Offline.RunAsync();
        Assert.Equal(expected, device.State());
    }

    [Fact]
    public async Task ForgetAllAsync_LeavesNothing()
    {
        using var device = new Device(this, "device");
        device.Add("kept", 0, 100);
        await device.Offline.RunAsync();
        await using var online = new OnlineLearner(device.Model, new OnlineLearnerOptions { BatchSize = 100, ReplayRows = 4 });
        using (PredictionBatch batch = device.Model.Predict(new float[LinearArtifacts.Inputs], 1))
            online.Feedback(online.Remember(batch), 1);
        using var eraser = new PersonalDataEraser(device.Samples, device.Features, device.Offline, Notes, online, new CrashFileSystem());
        await eraser.ForgetAllAsync();
        Assert.Empty(device.Samples.List());
        Assert.Equal((0, 0), (device.Features.Statistics.Rows, online.Statistics.Cache.LabelledRows));
        Assert.Empty(device.Generations.ReadNewestFirst());
        Assert.Equal(LinearArtifacts.Weight, device.Model.GetParameter("w").Span<float>().ToArray());
    }

    [Fact]
    public async Task ForgetAsync_CrashAtEveryWriteOfTheNote_IsFinishedAfterTheRestart()
    {
        for (int operation = 1; operation <= 8; operation++)
        {
            var files = new CrashFileSystem();
            using var device = new Device(this, $"crash{operation}", files);
            files.CrashAt = files.Operations + operation;
            device.Add("kept", 0, 60);
            await device.Offline.RunAsync();
            long id = device.Samples.List()[3].Id;
            bool crashed = false;
            try
            {
                await device.Eraser.ForgetAsync([id]);
            }
            catch (SimulatedCrashException)
            {
                crashed = true;
            }

            Assert.True(crashed, $"operation {operation} was never reached");
            for (int seed = 0; seed < 4; seed++)
            {
                using var restarted = new PersonalDataEraser(device.Samples, device.Features, device.Offline, Notes, files: files.Restart(seed));
                bool resumed = await restarted.ResumeAsync();
                Assert.False(restarted.IsPending);

                // Either nothing had been promised yet, or everything is done; the user's next call finishes the former.
                if (resumed)
                    Assert.Null(device.Samples.Find(id));
                await restarted.ForgetAsync([id]);
                Assert.Null(device.Samples.Find(id));
                Assert.False(device.Features.Contains(new(id, 0)));
                Assert.Equal(LinearArtifacts.Weight, device.Model.GetParameter("w").Span<float>().ToArray());
            }
        }
    }

    // Every operation that an eraser does when it is made: nothing is forgotten by it, and the next one works.
    [Fact]
    public async Task Eraser_CrashWhileItTakesItsRoom_WorksAfterTheRestart()
    {
        using var device = new Device(this, "device");
        device.Add("kept", 0, 60);
        int operations = 0;
        for (int operation = 1; operations == 0 || operation <= operations; operation++)
        {
            var files = new CrashFileSystem { CrashAt = operation };
            try
            {
                _ = new PersonalDataEraser(device.Samples, device.Features, device.Offline, Notes, files: files);
                operations = files.Operations;
            }
            catch (SimulatedCrashException)
            {
                Assert.True(operation < 20);
            }

            using var restarted = new PersonalDataEraser(device.Samples, device.Features, device.Offline, Notes, files: files.Restart(operation));
            Assert.False(await restarted.ResumeAsync());
            long id = device.Samples.List()[0].Id;
            await restarted.ForgetAsync([id]);
            Assert.Null(device.Samples.Find(id));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ForgetAsync_FullDisk_WritesItsNoteInTheRoomThatWasKept(bool isPendingAlready)
    {
        var files = new CrashFileSystem();
        using var device = new Device(this, "device", files);
        device.Add("kept", 0, 60);
        long[] ids = [.. device.Samples.List().Take(2).Select(s => s.Id)];
        if (isPendingAlready)
        {
            files.CrashAt = files.Operations + 5;
            await Assert.ThrowsAsync<SimulatedCrashException>(() => device.Eraser.ForgetAsync([ids[1]]));
            files.CrashAt = 0;
            Assert.True(device.Eraser.IsPending);
        }

        files.IsFull = true;
        await device.Eraser.ForgetAsync([ids[0]]);
        Assert.Null(device.Samples.Find(ids[0]));
        Assert.Equal(isPendingAlready, device.Samples.Find(ids[1]) is null);
        Assert.False(device.Eraser.IsPending);
        Assert.Equal(["/notes/forget.reserve"], files.ListFiles(Notes));
        Assert.True(files.Read("/notes/forget.reserve").AsSpan().IndexOf(BitConverter.GetBytes(ids[0])) < 0);
    }

    [Fact]
    public async Task ResumeAsync_NoteOfAnEarlierVersion_IsFinished()
    {
        var files = new CrashFileSystem();
        using var device = new Device(this, "device", files);
        device.Add("kept", 0, 5);
        long[] ids = [.. device.Samples.List().Take(2).Select(s => s.Id)];
        files.Write("/notes/forget.pending", MemoryMarshal.AsBytes(ids.AsSpan()));
        Assert.True(await device.Eraser.ResumeAsync());
        Assert.Equal(3, device.Samples.List().Count);
    }

    private sealed class Device : IDisposable
    {
        private readonly SampleFolder _samples = new();

        public Device(PersonalDataEraserTests test, string name, CrashFileSystem? files = null)
        {
            string folder = Path.Combine(test._folder.Path, name);
            Model = PersonalModel.Open(test._path);
            Samples = _samples.Open();
            Features = FeatureStore.Open(Path.Combine(folder, "features"), OfflineLearner.OptionsFor(Model));
            Generations = new(Path.Combine(folder, "generations"));
            Offline = new(
                Model,
                new StoredSampleHistory(Samples),
                Features,
                Path.Combine(folder, "work"),
                new() { Epochs = 4, BatchSize = 16, LearningRate = 0.1, HoldOutFraction = 0 },
                generations: Generations);
            Eraser = new(Samples, Features, Offline, Notes, files: files ?? new CrashFileSystem());
        }

        public PersonalModel Model { get; }

        public SampleStore Samples { get; }

        public FeatureStore Features { get; }

        public GenerationStore Generations { get; }

        public OfflineLearner Offline { get; }

        public PersonalDataEraser Eraser { get; }

        public void Add(string source, int first, int count)
        {
            (float[] input, long[] labels) = LinearArtifacts.Data(200);
            Samples.Add([.. Enumerable.Range(first, count).Select(i => new NewSample
            {
                Payload = MemoryMarshal.AsBytes(input.AsSpan(i * LinearArtifacts.Inputs, LinearArtifacts.Inputs)).ToArray(),
                Label = labels[i],
                Source = source,
                Consent = SampleConsent.Given,
            })]);
        }

        public byte[] State() => [.. Model.GetParameter("w").Bytes.Span, .. Model.GetParameter("b").Bytes.Span];

        public void Dispose()
        {
            Eraser.Dispose();
            Features.Dispose();
            Samples.Dispose();
            Model.Dispose();
            _samples.Dispose();
        }
    }
}
