using System.Runtime.InteropServices;
using AutLearn.Cache;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Tests.Scheduling;
using AutLearn.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Hosting;

/// <summary>What a container's parts learned is there when the app starts again.</summary>
[Trait("Category", "Unit")]
public sealed class RestartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public RestartTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Scheduling_FirstExample_StoresSamplesThatTrainAndSurviveARestart()
    {
        string modelPath = _path, dataFolder = _folder.File("data");
        byte[] learned;
        await using (ServiceProvider provider = Start())
        {
            SampleStore samples = provider.GetRequiredService<SampleStore>();
            (float[] input, long[] labels) = LinearArtifacts.Data(64);
            for (int i = 0; i < 64; i++)
            {
                Span<float> pixels = input.AsSpan(i * LinearArtifacts.Inputs, LinearArtifacts.Inputs);
                long correctedClass = labels[i];
                samples.Add(new NewSample
                {
                    Payload = MemoryMarshal.AsBytes(pixels).ToArray(),
                    Label = correctedClass,
                    Consent = SampleConsent.Given,
                });
            }

            LearningService service = provider.GetRequiredService<LearningService>();
            OfflineResult? night = await service.RunWindowAsync(CancellationToken.None);
            Assert.Equal(OfflineStatus.Promoted, night!.Status);
            Assert.NotNull(service.Explain().RestsUntil);
            learned = provider.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray();
        }

        Assert.NotEqual(MemoryMarshal.AsBytes<float>(LinearArtifacts.Weight).ToArray(), learned);
        await using (ServiceProvider again = Start())
            Assert.Equal(learned, again.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray());

        ServiceProvider Start()
        {
            var services = new ServiceCollection();
            var device = new ManualDeviceState();
            device.Set(TrainingPolicyTests.Ready);
            services.AddSingleton<IDeviceStateProvider>(device);
            services.AddAutLearn(o => o.ModelPath = modelPath)
                .AddSampleStore(Path.Combine(dataFolder, "samples"))
                .AddLearning(o =>
                {
                    o.Folder = Path.Combine(dataFolder, "learning");
                    o.Learner.CpuDuty = 0.5;
                    o.Policy.UserAway = AwayCondition.ScreenOffOrSessionIdle;
                });
            return services.BuildServiceProvider();
        }
    }

    [Fact]
    public void Scheduling_FirstExample_IsTheCodeOfTheTestAbove()
    {
        string[] test = Lines(Path.Combine(TestData.RepositoryRoot, "tests", "AutLearn.Runtime.Tests", "Hosting", "RestartTests.cs"));
        string[] text = Lines(Path.Combine(TestData.RepositoryRoot, "docs", "scheduling.md"));
        int blocks = 0;
        for (int i = 0; i < text.Length && blocks < 2; i++)
        {
            if (text[i] != "```csharp")
                continue;
            string[] block = [.. text.Skip(i + 1).TakeWhile(l => l != "```")];
            Assert.True(Enumerable.Range(0, test.Length - block.Length).Any(at => test.AsSpan(at, block.Length).SequenceEqual(block)), $"The test does not run this: {string.Join('\n', block)}");
            blocks++;
        }

        Assert.Equal(2, blocks);

        static string[] Lines(string file) => [.. File.ReadAllLines(file).Select(l => l.Trim())];
    }

    [Fact]
    public async Task Explain_SamplesWithoutConsentOrLabel_AreCounted()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IDeviceStateProvider>(new ManualDeviceState());
        services.AddAutLearn(o => o.ModelPath = _path).AddSampleStore(_folder.File("samples")).AddLearning(o => o.Folder = _folder.File("learning"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        SampleStore samples = provider.GetRequiredService<SampleStore>();
        for (int i = 0; i < 10; i++)
        {
            samples.Add(new NewSample { Payload = new byte[16], Label = 1 });
            samples.Add(new NewSample { Payload = new byte[16], Consent = SampleConsent.Given });
        }

        LearningService service = provider.GetRequiredService<LearningService>();
        Assert.Equal(new SampleCounts(20, 0, 32), service.Explain().Samples);
        Assert.Contains("20 stored, 0 with label and consent, 32 needed.", service.Explain().ToString(), StringComparison.Ordinal);
        samples.Add(new NewSample { Payload = new byte[16], Label = 1, Consent = SampleConsent.Given });
        Assert.Contains("21 stored, 1 with label and consent, 32 needed.", service.Explain().ToString(), StringComparison.Ordinal);
        for (int i = 0; i < 39; i++)
            samples.Add(new NewSample { Payload = new byte[16], Label = 1, Consent = SampleConsent.Given });
        Assert.Contains("60 stored, 40 with label and consent, 32 needed.", service.Explain().ToString(), StringComparison.Ordinal);
        samples.Dispose();
        Assert.Null(service.Explain().Samples);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Host_LearningKeyMissingAndGenerationsSealed_RefusesToStartAndKeepsThem(bool isOnline)
    {
        string folder = _folder.File("kept"), keyFile = Path.Combine(folder, "learning.key");
        await using (ServiceProvider provider = Start())
        {
            provider.GetRequiredService<PersonalModel>().SetParameters([new("b", AutLearn.Graph.Tensor.Of<float>([3], [1f, 2f, 3f]))]);
            provider.GetRequiredService<GenerationStore>().Commit(provider.GetRequiredService<PersonalModel>());
        }

        byte[] key = File.ReadAllBytes(keyFile);
        File.Delete(keyFile);
        for (int start = 0; start < 2; start++)
        {
            await using ServiceProvider provider = Start();
            ProfileKeyException error = Assert.Throws<ProfileKeyException>(() => provider.GetServices<IHostedService>().ToArray());
            Assert.Equal((KeyProtectorFailure.Missing, keyFile), (error.Reason, error.File));
            Assert.False(File.Exists(keyFile));
        }

        File.WriteAllBytes(keyFile, key);
        await using ServiceProvider again = Start();
        Assert.Equal([1f, 2f, 3f], again.GetRequiredService<PersonalModel>().GetParameter("b").Span<float>().ToArray());

        ServiceProvider Start()
        {
            var services = new ServiceCollection();
            services.AddSingleton<ISampleHistory>(MemoryHistory.Of(60));
            services.AddSingleton<IDeviceStateProvider>(new ManualDeviceState());
            AutLearnBuilder builder = services.AddAutLearn(o => o.ModelPath = _path);
            _ = isOnline ? builder.AddOnlineLearner(o => o.Folder = folder) : builder.AddLearning(o => o.Folder = folder);
            return services.BuildServiceProvider();
        }
    }

    [Fact]
    public async Task AddOnlineLearner_HostStopsAndStarts_GoesOnWhereItWas()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(22);
        byte[] learned;
        await using (ServiceProvider provider = Online())
        {
            IHostedService hosted = Assert.Single(provider.GetServices<IHostedService>());
            await hosted.StartAsync(default);
            Assert.Equal(0, provider.GetRequiredService<PersonalModel>().ParameterVersion);
            Teach(provider, input, labels);
            await hosted.StopAsync(default);

            // The five that made no batch are learned as the host stops: no text or photo is kept to learn them from later.
            Assert.Equal(22, provider.GetRequiredService<OnlineLearner>().Statistics.TrainedRows);
            learned = provider.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray();
        }

        Assert.NotEqual(MemoryMarshal.AsBytes<float>(LinearArtifacts.Weight).ToArray(), learned);
        await using ServiceProvider again = Online();
        Assert.Equal(learned, again.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray());
        Assert.True(again.GetRequiredService<PersonalModel>().ParameterVersion > 0);
    }

    [Fact]
    public async Task AddOnlineLearner_KilledBetweenSaves_KeepsTheLastSave()
    {
        var time = new FakeTimeProvider();
        (float[] input, long[] labels) = LinearArtifacts.Data(16);
        ServiceProvider killed = Online(time);
        OnlineLearningService service = killed.GetRequiredService<OnlineLearningService>();
        await service.StartAsync(default);
        Teach(killed, input, labels);
        await Until(() => killed.GetRequiredService<OnlineLearner>().Statistics.Steps == 1);
        byte[] learned = killed.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray();
        await Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return Directory.Exists(_folder.File("online", "generations")) && Directory.GetFiles(_folder.File("online", "generations"), "*.generation").Length == 1;
        });
        string copy = _folder.File("copy");
        Directory.CreateDirectory(Path.Combine(copy, "generations"));
        foreach (string file in Directory.GetFiles(_folder.File("online", "generations"), "*.generation").Concat(Directory.GetFiles(_folder.File("online"), "*.key")))
            File.Copy(file, Path.Combine(copy, Path.GetRelativePath(_folder.File("online"), file)));

        await using (ServiceProvider again = Online(folder: copy))
            Assert.Equal(learned, again.GetRequiredService<PersonalModel>().GetParameter("w").Bytes.ToArray());
        await killed.DisposeAsync();
    }

    /// <summary>Lets a service fail to save where a file stands in its folder's place, and save once that is gone.</summary>
    internal static async Task SaveFailsUntilUnblocked(OnlineLearningService service, FakeTimeProvider time, string blocked)
    {
        await Saved(false);
        File.Delete(blocked);
        await Saved(true);

        Task Saved(bool isSaved) => Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return service.SaveFailure is null == isSaved;
        });
    }

    [Fact]
    public async Task OnlineLearningService_SavingFails_TellsGoesOnAndSavesLater()
    {
        var time = new FakeTimeProvider();
        using var model = PersonalModel.Open(_path);
        await using var learner = new OnlineLearner(model, new() { BatchSize = 1 });
        File.WriteAllText(_folder.File("blocked"), "a file where the folder should be");
        using var service = new OnlineLearningService(learner, new GenerationStore(_folder.File("blocked")), TimeSpan.FromSeconds(1), timeProvider: time);
        await service.StartAsync(default);
        model.TrainStepOnInputs([1, 2, 3, 4], [1], 0.1);
        await SaveFailsUntilUnblocked(service, time, _folder.File("blocked"));
        Assert.Single(Directory.GetFiles(_folder.File("blocked"), "*.generation"));
        await service.StopAsync(default);
    }

    [Fact]
    public async Task OnlineLearningService_StepFailsAsTheHostStops_StillSaves()
    {
        Exception? failure = null;
        using var model = PersonalModel.Open(_path, new()
        {
            RunHook = (file, _) =>
            {
                if (failure is not null && file.StartsWith("train", StringComparison.Ordinal))
                    throw failure;
            },
        });
        await using var learner = new OnlineLearner(model, new() { BatchSize = 16 });
        using var service = new OnlineLearningService(learner, new GenerationStore(_folder.File("generations")));
        await service.StartAsync(default);
        model.TrainStepOnInputs([1, 2, 3, 4], [1], 0.1);
        using PredictionBatch batch = model.Predict([1, 2, 3, 4], 1);
        learner.Feedback(learner.Remember(batch), 2);
        failure = new IOException();
        await service.StopAsync(default);
        Assert.Single(Directory.GetFiles(_folder.File("generations"), "*.generation"));
        Assert.Same(failure, learner.Statistics.Error);
    }

    [Fact]
    public async Task AddLearningAndAddOnlineLearner_ShareOneModelAndItsGenerations()
    {
        var services = new ServiceCollection();
        services.AddSingleton<ISampleHistory>(MemoryHistory.Of(120));
        var device = new ManualDeviceState();
        device.Set(TrainingPolicyTests.Ready);
        services.AddSingleton<IDeviceStateProvider>(device);
        services.AddAutLearn(o => o.ModelPath = _path)
            .AddLearning(o => o.Folder = _folder.File("learning"))
            .AddOnlineLearner(o => o.Folder = _folder.File("online"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(2, provider.GetServices<IHostedService>().Count());
        Assert.NotNull(await provider.GetRequiredService<LearningService>().RunWindowAsync(default));
        Assert.True(Directory.Exists(_folder.File("learning", "generations")));
        Assert.False(Directory.Exists(_folder.File("online")));
    }

    [Fact]
    public void AddOnlineLearner_OptionsOutOfRange_FailWhenAskedFor()
    {
        var services = new ServiceCollection();
        services.AddAutLearn(o => o.ModelPath = _path).AddOnlineLearner(o =>
        {
            o.SaveInterval = TimeSpan.Zero;
            o.Learner.BatchSize = 0;
        });
        using ServiceProvider provider = services.BuildServiceProvider();
        string message = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<OnlineLearner>()).Message;
        Assert.Contains("Folder", message, StringComparison.Ordinal);
        Assert.Contains("SaveInterval", message, StringComparison.Ordinal);
        Assert.Contains("BatchSize", message, StringComparison.Ordinal);
    }

    private static void Teach(ServiceProvider provider, float[] input, long[] labels)
    {
        PersonalModel model = provider.GetRequiredService<PersonalModel>();
        OnlineLearner learner = provider.GetRequiredService<OnlineLearner>();
        using PredictionBatch batch = model.Predict(input, labels.Length);
        for (int i = 0; i < labels.Length; i++)
            Assert.Equal(FeedbackResult.Accepted, learner.Feedback(learner.Remember(batch, i), labels[i]));
    }

    private static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition() && !patience.IsCancellationRequested)
            await Task.Delay(1);
        Assert.True(condition());
    }

    private ServiceProvider Online(TimeProvider? time = null, string? folder = null)
    {
        var services = new ServiceCollection();
        if (time is not null)
            services.AddSingleton(time);
        services.AddAutLearn(o => o.ModelPath = _path).AddOnlineLearner(o => o.Folder = folder ?? _folder.File("online"));
        return services.BuildServiceProvider();
    }
}
