using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using AutLearn.Runtime;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutLearn.DeviceDay;

/// <summary>Installs, predicts, learns online and offline, saves and forgets, in one folder.</summary>
internal static class Day
{
    private const int Rows = 64;

    public static async Task RunAsync(string package, string folder)
    {
        Phase.Begin(folder, "install");
        string installed = Path.Combine(folder, "model.autlearn");
        File.Copy(package, installed, overwrite: true);
        await using ServiceProvider services = Services(installed, folder);
        PersonalModel model = services.GetRequiredService<PersonalModel>();
        await using var online = new OnlineLearner(model, new OnlineLearnerOptions { BatchSize = 16 });

        Phase.Begin(folder, "predict");
        (float[] Input, long Label)[] samples = [.. Enumerable.Range(0, Rows).Select(Sample)];
        var remembered = new List<(long Id, long Label)>();
        foreach ((float[] input, long label) in samples)
        {
            using PredictionBatch shown = model.Predict(input, rows: 1);
            remembered.Add((online.Remember(shown), label));
        }

        Phase.Begin(folder, "learn online");
        foreach ((long id, long label) in remembered)
            online.Feedback(id, label);
        await online.FlushAsync();

        Phase.Begin(folder, "store samples");
        SampleStore store = services.GetRequiredService<SampleStore>();
        IReadOnlyList<long> ids = store.Add(
        [
            .. samples.Select(s => new NewSample
            {
                Payload = MemoryMarshal.AsBytes<float>(s.Input).ToArray(),
                Label = s.Label,
                Source = "day",
                Consent = SampleConsent.Given,
            }),
        ]);

        Phase.Begin(folder, "learn offline");
        OfflineLearner offline = services.GetRequiredService<OfflineLearner>();
        OfflineResult night = await offline.RunAsync();
        Console.WriteLine($"The night ended {night.Status} after {night.Progress}.");
        LearningService schedule = services.GetRequiredService<LearningService>();
        await schedule.StartAsync(CancellationToken.None);
        Console.WriteLine(schedule.Explain());
        await schedule.StopAsync(CancellationToken.None);

        Phase.Begin(folder, "save");
        model.SaveState(Path.Combine(folder, "me.state"));
        model.Export(Path.Combine(folder, "personal.onnx"));

        Phase.Begin(folder, "forget");
        using var eraser = new PersonalDataEraser(store, services.GetRequiredService<FeatureStore>(), offline, Path.Combine(folder, "forgetting"), online);
        await eraser.ForgetAsync([ids[0]]);
        await eraser.ForgetAllAsync();

        Phase.Begin(folder, "close");
    }

    private static ServiceProvider Services(string package, string folder)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(WarningLogger<>));
        services.AddSingleton(_ => new GenerationStore(Path.Combine(folder, "generations")));
        services.AddAutLearn(o => o.ModelPath = package)
            .AddSampleStore(Path.Combine(folder, "samples"))
            .AddLearning(o =>
            {
                o.Folder = Path.Combine(folder, "learning");
                o.Learner.Epochs = 3;

                // Whatever was learned is kept, so that the day shows a generation.
                o.Learner.HoldOutFraction = 0;
            });
        return services.BuildServiceProvider();
    }

    private static (float[] Input, long Label) Sample(int seed)
    {
        var random = new Random(seed);
        float[] input = [.. Enumerable.Range(0, DayModel.Inputs).Select(_ => (random.NextSingle() * 2) - 1)];
        return (input, (input[0] > 0 ? 1 : 0) + (input[1] > 0 ? 2 : 0));
    }
}
