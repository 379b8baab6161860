using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AutLearn.Cache.Disk;
using AutLearn.Runtime;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.LearningProbe;

/// <summary>One life of an app in a profile: samples come, both learners learn, states are committed and things are forgotten, all at once, until it is killed.</summary>
/// <remarks>What a method acknowledged is printed after it returned; what may be half done when the kill comes is printed before.</remarks>
internal sealed class StormLife(StormProfile profile, int life, int seed)
{
    private const int FewSamples = 60;
    private const int ManySamples = 240;
    private const int SamplesOfASource = 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private readonly Lock _output = new();
    private readonly Lock _adding = new();
    private readonly Stopwatch _lived = Stopwatch.StartNew();
    private byte[] _initial = [];
    private int _added;

    public static async Task<int> RunAsync(string root, int life, int seed)
    {
        ProbeModel.WriteOnce(Path.Combine(root, "model.autlearn"));
        StormProfile profile;
        try
        {
            profile = StormProfile.Open(root);
        }
        catch (Exception error) when (error is FolderInUseException or SampleStoreException { Reason: SampleStoreFailure.InUse })
        {
            Console.WriteLine("in use");
            return 3;
        }

        await using (profile)
            await new StormLife(profile, life, seed).LiveAsync();
        return 0;
    }

    // Ends by itself only where nobody kills it.
    private bool IsOver => _lived.Elapsed > Longest;

    private string CurrentSource => string.Create(CultureInfo.InvariantCulture, $"s{life}-{Volatile.Read(ref _added) / SamplesOfASource}");

    private async Task LiveAsync()
    {
        Say("open");
        _initial = LearntParameter();
        bool resumed = await profile.Eraser.ResumeAsync();
        Say($"resumed {resumed}");
        profile.Generations.Restore(profile.Model);

        // Threads of their own: the pool has as many as there are cores, and adds others slowly.
        await Task.WhenAll(
            Task.Factory.StartNew(AddSamples, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
            Task.Factory.StartNew(LearnOnline, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
            Task.Run(LearnOfflineAndForgetAsync));
    }

    private void AddSamples()
    {
        var random = new Random(seed);
        while (!IsOver)
        {
            lock (_adding)
            {
                IReadOnlyList<StoredSample> stored = profile.Samples.List();
                if (stored.Count < ManySamples)
                    Add(random.Next(1, stored.Count < FewSamples ? 16 : 4));
                else
                    SetLabel(stored[random.Next(stored.Count)].Id, random.Next(ProbeModel.Classes));
            }

            // A person's pace, so that the kill meets the others at work too; nothing waits for it.
            Thread.Sleep(random.Next(8));
        }
    }

    private void Add(int count)
    {
        int first = (life * 100_000) + _added;
        string source = CurrentSource;
        IReadOnlyList<long> ids = profile.Samples.Add([.. Enumerable.Range(first, count).Select(n => new NewSample
        {
            Payload = MemoryMarshal.AsBytes<float>(StormProfile.Input(n)).ToArray(),
            Label = n % ProbeModel.Classes,
            Source = source,
            Consent = SampleConsent.Given,
        })]);
        for (int i = 0; i < count; i++)
            Say($"added {ids[i]} {first + i} {source}");
        Volatile.Write(ref _added, _added + count);
    }

    private void SetLabel(long id, int label)
    {
        Say($"labelling {id} {label}");
        Say(profile.Samples.SetLabel(id, label) ? $"labelled {id} {label}" : $"unlabelled {id}");
    }

    private void LearnOnline()
    {
        var random = new Random(seed + 1);
        using PredictionBatch shown = profile.Model.CreateBatch(1);
        while (!IsOver)
        {
            profile.Model.Predict(StormProfile.Input(random.Next()), shown);
            profile.Online.Feedback(profile.Online.Remember(shown), random.Next(ProbeModel.Classes));
            Thread.Sleep(random.Next(3));
        }
    }

    // In turns, as an app does: a window must be closed before anything is forgotten, and no state from before may be committed after it.
    private async Task LearnOfflineAndForgetAsync()
    {
        var random = new Random(seed + 2);
        while (!IsOver)
        {
            switch (random.Next(20))
            {
                case < 10:
                    using (var window = new CancellationTokenSource(random.Next(10, 150)))
                    {
                        if ((await profile.Offline.RunAsync(window.Token)).Status == OfflineStatus.Promoted)
                            SayGeneration();
                    }

                    break;
                case < 14:
                    await profile.Online.FlushAsync();

                    // The parameters as compiled are the same before and after a forgetting.
                    if (!LearntParameter().SequenceEqual(_initial))
                    {
                        profile.Generations.Commit(profile.Model);
                        SayGeneration();
                    }

                    break;
                case < 17:
                    if (profile.Samples.List() is { Count: > 0 } stored)
                        await ForgetAsync($"ids {stored[random.Next(stored.Count)].Id}", text => profile.Eraser.ForgetAsync([long.Parse(text[4..], CultureInfo.InvariantCulture)]));
                    break;
                case < 19:
                    string current = CurrentSource;
                    string[] sources = [.. profile.Samples.List().Select(s => s.Source).Distinct().Where(s => s != current)];
                    if (sources.Length > 0)
                        await ForgetAsync($"source {sources[random.Next(sources.Length)]}", text => profile.Eraser.ForgetSourceAsync(text[7..]));
                    break;
                default:
                    ForgetAll();
                    break;
            }
        }
    }

    private async Task ForgetAsync(string what, Func<string, Task> forget)
    {
        Say($"forgetting {what}");
        await forget(what);
        Say("forgotten");
    }

    // What is added meanwhile would be forgotten or not, as it comes.
    private void ForgetAll()
    {
        lock (_adding)
        {
            Say("forgetting all");
            profile.Eraser.ForgetAllAsync().GetAwaiter().GetResult();
            Say("forgotten");
        }
    }

    private byte[] LearntParameter() => profile.Model.GetParameter("head2.weight").Bytes.ToArray();

    private void SayGeneration()
    {
        Generation newest = profile.Generations.ReadNewestFirst().First();
        Say($"generation {newest.Number} {Convert.ToHexString(SHA256.HashData(newest.Content.Span))}");
    }

    private void Say(string line)
    {
        lock (_output)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
