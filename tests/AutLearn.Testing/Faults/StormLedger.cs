using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AutLearn.LearningProbe;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Testing.Faults;

/// <summary>What a storm's lives acknowledged, and what must therefore stand in the profile after a kill.</summary>
public sealed class StormLedger
{
    /// <summary>Gets or sets the samples that must be there: number, content, source and label.</summary>
    public Dictionary<long, StormSample> Alive { get; set; } = [];

    /// <summary>Gets or sets the samples that must never be seen again.</summary>
    public HashSet<long> Forgotten { get; set; } = [];

    /// <summary>Gets or sets the hashes of states from before something was forgotten.</summary>
    public HashSet<string> ForgottenStates { get; set; } = [];

    /// <summary>Gets or sets the hashes of the states committed since then.</summary>
    public HashSet<string> States { get; set; } = [];

    /// <summary>Gets or sets the newest generation that was acknowledged, 0 for none since something was forgotten.</summary>
    public long Generation { get; set; }

    /// <summary>Gets or sets its state's hash.</summary>
    public string GenerationHash { get; set; } = "";

    /// <summary>Gets or sets the counts of the report.</summary>
    public StormCounts Counts { get; set; } = new();

    // What was under way when the kill came.
    private HashSet<long>? _forgetting;
    private (long Id, long Label)? _labelling;
    private readonly List<int> _newlyForgotten = [];

    /// <summary>Reads one life's output.</summary>
    public void Read(IEnumerable<string> lines)
    {
        foreach (string line in lines)
            Read(line.Split(' '));
    }

    /// <summary>Compares a profile, opened after a kill, with what was acknowledged.</summary>
    /// <exception cref="InvalidOperationException">Something is lost, or back, or damaged.</exception>
    internal void Check(StormProfile profile, bool wasPending)
    {
        Dictionary<long, StoredSample> stored = profile.Samples.List().ToDictionary(s => s.Id);
        SettleForgetting(stored, wasPending);
        foreach (long id in Forgotten)
            Require(!stored.ContainsKey(id) && !profile.Features.Contains(new(id, 0)), $"sample {id} was forgotten and is back");
        foreach ((long id, StormSample expected) in Alive)
        {
            Require(stored.TryGetValue(id, out StoredSample? sample), $"sample {id} was acknowledged and is lost");
            Require(sample!.Source == expected.Source && (sample.Label == expected.Label || (_labelling is { } doubt && doubt == (id, sample.Label))), $"sample {id} is not as it was acknowledged");
            if (expected.Number >= 0)
                Require(profile.Samples.Read(id).AsSpan().SequenceEqual(Content(expected.Number)), $"sample {id} has another content");
        }

        SampleStoreCheck check = profile.Samples.Verify();
        Require(check.IsIntact, $"{check.Damaged.Length} contents are damaged; {string.Join(", ", check.Problems)}");
        foreach (StoredSample sample in stored.Values)
        {
            if (Alive.TryAdd(sample.Id, new(-1, sample.Source, sample.Label ?? 0)))
                Counts.Unacknowledged++;
            else
                Alive[sample.Id] = Alive[sample.Id] with { Label = sample.Label ?? 0 };
        }

        CheckGenerations(profile.Generations);
        _labelling = null;
    }

    /// <summary>Looks for what was forgotten in the bytes of all files.</summary>
    internal void CheckBytes(IEnumerable<string> files)
    {
        byte[][] needles = [.. _newlyForgotten.Select(Content)];
        _newlyForgotten.Clear();
        if (needles.Length == 0)
            return;
        foreach (string file in files)
        {
            byte[] bytes = File.ReadAllBytes(file);
            foreach (byte[] needle in needles)
                Require(bytes.AsSpan().IndexOf(needle) < 0, $"the content of a forgotten sample stands in '{file}'");
        }
    }

    private static byte[] Content(int number) => MemoryMarshal.AsBytes<float>(StormProfile.Input(number)).ToArray();

    private static void Require(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Read(string[] words)
    {
        switch (words)
        {
            case ["added", var id, var number, var source]:
                Counts.Samples++;

                // The line may come after that of a forgetting which found the sample in the store.
                if (!Forgotten.Contains(Number(id)) && !(_forgetting?.Contains(Number(id)) ?? false))
                    Alive[Number(id)] = new((int)Number(number), source, Number(number) % StormProfile.Classes);
                break;
            case ["labelling", var id, var label]:
                _labelling = (Number(id), Number(label));
                break;
            case ["labelled", var id, var label]:
                Counts.Labels++;
                _labelling = null;
                if (Alive.TryGetValue(Number(id), out StormSample? labelled))
                    Alive[Number(id)] = labelled with { Label = Number(label) };
                break;
            case ["unlabelled", _]:
                _labelling = null;
                break;
            case ["forgetting", "ids", var ids]:
                _forgetting = [.. ids.Split(',').Select(Number)];
                break;
            case ["forgetting", "source", var source]:
                _forgetting = [.. Alive.Where(a => a.Value.Source == source).Select(a => a.Key)];
                break;
            case ["forgetting", "all"]:
                _forgetting = [.. Alive.Keys];
                break;
            case ["forgotten"]:
                Counts.Forgettings++;
                Forget();
                break;
            case ["generation", var number, var hash]:
                Counts.Generations++;
                (Generation, GenerationHash) = (Number(number), hash);
                States.Add(hash);
                break;
            case ["resumed", var resumed]:
                Counts.Resumed += resumed == "True" ? 1 : 0;
                break;
        }
    }

    private void Forget()
    {
        foreach (long id in _forgetting ?? [])
        {
            Forgotten.Add(id);
            if (Alive.Remove(id, out StormSample? sample) && sample.Number >= 0)
                _newlyForgotten.Add(sample.Number);
        }

        ForgottenStates.UnionWith(States);
        States.Clear();
        (Generation, GenerationHash) = (0, "");
        _forgetting = null;
    }

    // A forgetting that was cut short is either not begun, with all that it was to forget still there, or finished by now.
    private void SettleForgetting(Dictionary<long, StoredSample> stored, bool wasPending)
    {
        if (_forgetting is not { Count: > 0 } targets)
        {
            _forgetting = null;
            return;
        }

        int left = targets.Count(stored.ContainsKey);
        Require(left == 0 || (left == targets.Count && !wasPending), $"{left} of {targets.Count} samples are left of a forgetting that was cut short{(wasPending ? " and resumed" : "")}");
        Counts.CutShort++;
        if (left == 0)
            Forget();
        _forgetting = null;
    }

    private void CheckGenerations(GenerationStore store)
    {
        Generation[] generations = [.. store.ReadNewestFirst(n => throw new InvalidOperationException($"generation {n} is damaged"))];
        long newest = generations.Length > 0 ? generations[0].Number : 0;
        Require(newest >= Generation, $"generation {Generation} was acknowledged, {newest} is the newest");
        foreach (Generation generation in generations)
        {
            string hash = Convert.ToHexString(SHA256.HashData(generation.Content.Span));
            Require(!ForgottenStates.Contains(hash), $"generation {generation.Number} is from before something was forgotten");
            Require(generation.Number != Generation || hash == GenerationHash, $"generation {generation.Number} is not the one that was acknowledged");
        }

        (Generation, GenerationHash) = generations.Length > 0 ? (newest, Convert.ToHexString(SHA256.HashData(generations[0].Content.Span))) : (0, "");
        States.UnionWith(generations.Select(g => Convert.ToHexString(SHA256.HashData(g.Content.Span))));
    }
}
