using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AutLearn.LearningProbe;

namespace AutLearn.Testing.Faults;

/// <summary>Kills an app again and again at random moments of all that it does with a profile, and checks after each kill what it left.</summary>
/// <remarks>The ledger lies beside the profile, so that a storm goes on where it was stopped.</remarks>
public sealed partial class KillStorm
{
    private const int RivalEvery = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly string _probe;
    private readonly string _root;
    private readonly int _seed;
    private readonly string _ledgerPath;

    /// <summary>Begins a storm, or goes on with the one of the folder.</summary>
    /// <param name="probe">The probe's assembly.</param>
    /// <param name="root">A folder for this storm alone.</param>
    /// <param name="seed">Draws the moments, and what the lives do.</param>
    public KillStorm(string probe, string root, int seed)
    {
        _probe = probe;
        _root = Directory.CreateDirectory(root).FullName;
        _seed = seed;
        _ledgerPath = Path.Combine(_root, "ledger.json");
        Ledger = File.Exists(_ledgerPath) ? JsonSerializer.Deserialize<StormLedger>(File.ReadAllBytes(_ledgerPath))! : new();
    }

    /// <summary>Gets what was acknowledged, and the counts.</summary>
    public StormLedger Ledger { get; }

    private string Profile => Path.Combine(_root, "profile");

    /// <summary>Lives once, is killed, and checks.</summary>
    /// <exception cref="InvalidOperationException">Something acknowledged is lost, something forgotten is back, or a file is left; the message names seed and kill.</exception>
    public async Task KillOnceAsync()
    {
        int kill = Ledger.Counts.Kills + 1;
        var random = new Random(HashCode.Combine(_seed, kill));
        var watch = Stopwatch.StartNew();
        try
        {
            await LiveAsync(kill, random);
            await CheckAsync();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new InvalidOperationException($"Seed {_seed}, kill {kill}: {error.Message}", error);
        }

        Ledger.Counts.Kills = kill;
        Ledger.Counts.Seconds += watch.Elapsed.TotalSeconds;
        await File.WriteAllBytesAsync(_ledgerPath, JsonSerializer.SerializeToUtf8Bytes(Ledger));
    }

    private async Task LiveAsync(int kill, Random random)
    {
        // Most kills strike an app at work, some its start.
        bool strikesTheStart = random.Next(5) == 0;
        var delay = TimeSpan.FromMilliseconds(random.Next(strikesTheStart ? 400 : 900));
        bool hasRival = random.Next(RivalEvery) == 0;
        using var first = new Life(_probe, _root, 2 * kill, random.Next());
        using Life? second = hasRival ? new Life(_probe, _root, (2 * kill) + 1, random.Next()) : null;
        Life[] lives = second is null ? [first] : [first, second];
        if (!strikesTheStart)
            await Task.WhenAny(lives.Select(l => l.Opened)).WaitAsync(Limit);
        await Task.Delay(delay);
        foreach (Life life in lives)
            life.Kill();
        int opened = 0;
        foreach (Life life in lives)
        {
            string[] lines = await life.LinesAsync();
            opened += lines.Contains("open") ? 1 : 0;
            Ledger.Counts.Refused += lines.Contains("in use") ? 1 : 0;
            Ledger.Read(lines);
        }

        if (opened > 1)
            throw new InvalidOperationException("two processes had the profile open at once");
        Ledger.Counts.BeforeOpening += opened == 0 ? 1 : 0;
        Ledger.Counts.Rivals += hasRival ? 1 : 0;
    }

    // As the app starts again: opening and one window sweep what the kill left.
    private async Task CheckAsync()
    {
        if (!File.Exists(Path.Combine(_root, "model.autlearn")))
            return;
        int temporary = Files().Count(f => TemporaryName().IsMatch(f));
        await using (StormProfile profile = StormProfile.Open(_root))
        {
            bool wasPending = profile.Eraser.IsPending;
            if (await profile.Eraser.ResumeAsync())
                Ledger.Counts.Resumed++;
            Ledger.Check(profile, wasPending);
            if (profile.Generations.Restore(profile.Model).Refused is { IsEmpty: false } refused)
                throw new InvalidOperationException($"generation {refused[0]} was refused");
            await profile.Offline.RunAsync(new CancellationToken(canceled: true));
        }

        Ledger.Counts.Swept += temporary;
        if (Files().FirstOrDefault(f => !KnownName().IsMatch(f)) is { } left)
            throw new InvalidOperationException($"'{left}' is left");
        Ledger.CheckBytes(Files().Select(f => Path.Combine(Profile, f)));
    }

    private string[] Files() => Directory.Exists(Profile)
        ? [.. Directory.EnumerateFiles(Profile, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Profile, f).Replace('\\', '/'))]
        : [];

    [GeneratedRegex(@"\.(new|tmp|first|ort)$")]
    private static partial Regex TemporaryName();

    [GeneratedRegex(@"^(personal\.key|personal\.key\.made|profile\.key|samples/samples\.(db|db-journal|key|created|reserve)|forgetting/forget\.reserve|features/\d{8}\.features|generations/\d{12}\.generation|training/offline\.checkpoint)$")]
    private static partial Regex KnownName();

    private sealed class Life : IDisposable
    {
        private readonly Process _process;
        private readonly List<string> _lines = [];
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _reading;
        private readonly Task<string> _errors;
        private bool _isKilled;

        public Life(string probe, string root, int number, int seed)
        {
            string[] arguments = ["exec", probe, "storm", root, number.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture)];
            _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _errors = _process.StandardError.ReadToEndAsync();
            _reading = ReadAsync();
        }

        /// <summary>Gets a task that ends when the profile is open, or never will be.</summary>
        public Task Opened => _opened.Task;

        // SIGKILL where the system has it: no handler, no finally, no flush.
        public void Kill()
        {
            _isKilled = !_process.HasExited;
            _process.Kill();
            _process.WaitForExit();
        }

        public async Task<string[]> LinesAsync()
        {
            await _reading.WaitAsync(Limit);
            if (!_isKilled && _process.ExitCode is not (0 or 3))
                throw new InvalidOperationException($"the app failed with {_process.ExitCode}: {await _errors}");
            return [.. _lines];
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                Kill();
            _process.Dispose();
        }

        // A line that the kill cut has no end and acknowledges nothing.
        private async Task ReadAsync()
        {
            string rest = "";
            char[] room = new char[4096];
            while (await _process.StandardOutput.ReadAsync(room) is > 0 and int read)
            {
                string[] lines = (rest + new string(room, 0, read)).Split('\n');
                rest = lines[^1];
                _lines.AddRange(lines[..^1].Select(l => l.TrimEnd('\r')));
                if (_lines.Contains("open"))
                    _opened.TrySetResult();
            }

            _opened.TrySetResult();
        }
    }
}
