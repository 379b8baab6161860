using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>A folder of one person's files, and its key.</summary>
internal sealed class ProfileFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ProfileFolder() => Key = OpenKey();

    public string Path => System.IO.Path.Combine(_folder.Path, "profile");

    public string KeyPath => File("personal.key");

    public string ProtectorPath => File("profile.key");

    public ProfileKey Key { get; }

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A path beside the profile.</summary>
    public string Outside(string name) => _folder.File(name);

    public ProfileKey OpenKey() => ProfileKey.Open(KeyPath, new KeyFileProtector(ProtectorPath));

    /// <summary>Every file below the profile.</summary>
    public IEnumerable<string> Files() => Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>The files that contain the bytes anywhere.</summary>
    public string[] Holding(byte[] needle) => [.. Files().Where(f => System.IO.File.ReadAllBytes(f).AsSpan().IndexOf(needle) >= 0)];

    public void Dispose()
    {
        Key.Dispose();
        _folder.Dispose();
    }
}
