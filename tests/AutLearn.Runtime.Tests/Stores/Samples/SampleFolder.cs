using System.Text;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Testing;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Stores.Samples;

/// <summary>A folder with a store, its key file and a clock.</summary>
internal sealed class SampleFolder : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public SampleFolder()
    {
        Path = _folder.File("store", "x")[..^2];
        KeyFile = _folder.File("keys", "profile.key");
        Protector = new(KeyFile);
    }

    public string Path { get; }

    public string KeyFile { get; }

    public KeyFileProtector Protector { get; }

    public FakeTimeProvider Clock { get; } = new(Start);

    public string Database => System.IO.Path.Combine(Path, "samples.db");

    public string WrappedKey => System.IO.Path.Combine(Path, "samples.key");

    public SampleStore Open(SampleStoreOptions? options = null) => SampleStore.Open(Path, Protector, options, Clock);

    public string File(params string[] parts) => _folder.File(parts);

    public static byte[] Payload(int seed, int size = 40)
    {
        byte[] payload = new byte[size];
        new Random(seed).NextBytes(payload);
        return payload;
    }

    public static NewSample Sample(int seed, int size = 40) => new()
    {
        Payload = Payload(seed, size),
        Label = seed % 3,
        Source = "source " + (seed % 2),
        Time = Start.AddMinutes(seed),
        Consent = SampleConsent.Given,
    };

    /// <summary>All files of the store and its key, by name.</summary>
    public Dictionary<string, byte[]> Snapshot() =>
        Directory.EnumerateFiles(Path).Append(KeyFile).Where(System.IO.File.Exists).ToDictionary(f => f, System.IO.File.ReadAllBytes);

    public void Restore(Dictionary<string, byte[]> snapshot)
    {
        foreach (string file in Directory.EnumerateFiles(Path).Append(KeyFile))
        {
            if (!snapshot.ContainsKey(file))
                System.IO.File.Delete(file);
        }

        foreach ((string file, byte[] bytes) in snapshot)
        {
            bool isKey = file == KeyFile && !System.IO.File.Exists(file);
            System.IO.File.WriteAllBytes(file, bytes);
            if (isKey && !OperatingSystem.IsWindows())
                System.IO.File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    public bool AnyFileContains(ReadOnlySpan<byte> bytes)
    {
        foreach (byte[] content in Snapshot().Values)
        {
            if (content.AsSpan().IndexOf(bytes) >= 0)
                return true;
        }

        return false;
    }

    public bool AnyFileContains(string text) => AnyFileContains(Encoding.UTF8.GetBytes(text));

    public void Dispose() => _folder.Dispose();
}
