using System.Diagnostics;

namespace AutLearn.Testing.Faults;

/// <summary>Kills <c>autlearn pretrain</c> in the middle of its training and starts it again.</summary>
public sealed class PretrainKills
{
    private readonly string _tool;
    private readonly string _data;
    private readonly string _folder;
    private readonly byte[] _expected;
    private readonly long _logLength;

    /// <summary>Runs the training once without a kill.</summary>
    /// <param name="tool">The tool's assembly.</param>
    /// <param name="folder">An empty folder to work in.</param>
    public PretrainKills(string tool, string folder)
    {
        _tool = tool;
        _folder = folder;
        _data = Path.Combine(folder, "text.txt");
        var random = new Random(17);
        string[] words = [.. Enumerable.Range(0, 60).Select(i => $"w{i}")];
        File.WriteAllLines(_data, Enumerable.Range(0, 800).Select(_ => string.Join(' ', Enumerable.Range(0, 9).Select(_ => words[random.Next(random.Next(1, words.Length))]))));
        Run("whole", killAtBytes: null, TimeSpan.Zero);
        _expected = Results("whole");
        _logLength = new FileInfo(Log("whole")).Length;
    }

    /// <summary>Kills once at a random point of the training, resumes, and compares parameters, optimizer state and exported model.</summary>
    /// <param name="name">A name for the run.</param>
    /// <param name="random">Draws the moment.</param>
    /// <returns>The share of the log that stood when the kill struck, and the size of the checkpoint that it left, 0 where there was none.</returns>
    /// <exception cref="InvalidOperationException">The result differs, or the process ended before it could be killed.</exception>
    public (double Share, int CheckpointBytes) KillAndResume(string name, Random random)
    {
        long bytes = (long)(_logLength * (0.05 + (0.85 * random.NextDouble())));
        if (!Run(name, bytes, TimeSpan.FromMilliseconds(40 * random.NextDouble())))
            throw new InvalidOperationException($"Run '{name}' ended before its kill.");
        double share = (double)new FileInfo(Log(name)).Length / _logLength;
        string checkpoint = Path.Combine(Checkpoint(name), "checkpoint");
        int saved = File.Exists(checkpoint) ? (int)new FileInfo(checkpoint).Length : 0;
        if (File.Exists(Model(name)))
            throw new InvalidOperationException($"Run '{name}' was killed after its end.");
        Run(name, killAtBytes: null, TimeSpan.Zero);
        if (!Results(name).AsSpan().SequenceEqual(_expected))
            throw new InvalidOperationException($"Run '{name}', killed at {share:P0} of its log, ended with other parameters or optimizer state.");
        return (share, saved);
    }

    private string Checkpoint(string name) => Path.Combine(_folder, name);

    private string Log(string name) => Path.Combine(_folder, $"{name}.jsonl");

    private string Model(string name) => Path.Combine(_folder, $"{name}.onnx");

    // The safetensors state at the end of a checkpoint; what stands before it says how long the log is, which holds times.
    private byte[] Results(string name)
    {
        byte[] checkpoint = File.ReadAllBytes(Path.Combine(Checkpoint(name), "checkpoint"));
        const int Hash = 32, Prefix = 16;
        int header = BitConverter.ToInt32(checkpoint, 8);
        return [.. checkpoint[(Prefix + header)..^Hash], .. File.ReadAllBytes(Model(name))];
    }

    /// <summary>Runs the tool; kills it (SIGKILL: no handler, no finally, no flush) a moment after its log has grown to a length.</summary>
    private bool Run(string name, long? killAtBytes, TimeSpan after)
    {
        string[] arguments =
        [
            "exec", _tool, "pretrain", _data, "--recipe", "lstm-lm", "--hidden", "24", "--vocabulary", "60", "--sequence", "12", "--batch-size", "8", "--epochs", "6",
            "--schedule", "cosine", "--lr", "0.01", "--warm-up", "20", "--clip-norm", "1", "--accumulate", "2", "--threads", "1", "--seed", "3",
            "--checkpoint", Checkpoint(name), "--checkpoint-steps", "7", "--log", Log(name), "--out", Model(name), "--json",
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        var limit = Stopwatch.StartNew();
        while (killAtBytes is { } bytes && !process.WaitForExit(2))
        {
            if (limit.Elapsed > TimeSpan.FromMinutes(2))
            {
                process.Kill();
                throw new InvalidOperationException($"Run '{name}' wrote no log of {bytes} bytes.");
            }

            if (!File.Exists(Log(name)) || new FileInfo(Log(name)).Length < bytes)
                continue;
            if (process.WaitForExit(after))
                break;
            process.Kill();
            process.WaitForExit();
            return true;
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"Run '{name}' failed with {process.ExitCode}: {error.Result}{output.Result}");
        return false;
    }
}
