using AutLearn.Runtime.Stores;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>The device's file system, of which some files may be neither read nor deleted.</summary>
internal sealed class DenyingFileSystem : IFileSystem
{
    private readonly DeviceFileSystem _files = DeviceFileSystem.Instance;

    public HashSet<string> Denied { get; } = [];

    public void CreateFolder(string folder) => _files.CreateFolder(folder);

    public void Protect(string path) => _files.Protect(path);

    public IReadOnlyList<string> ListFiles(string folder) => _files.ListFiles(folder);

    public bool Exists(string path) => _files.Exists(path);

    public IDisposable Lock(string folder) => _files.Lock(folder);

    public byte[] Read(string path) => _files.Read(Allowed(path));

    public void Write(string path, ReadOnlySpan<byte> content) => _files.Write(Allowed(path), content);

    public void Overwrite(string path, ReadOnlySpan<byte> content) => _files.Overwrite(path, content);

    public void Flush(string path) => _files.Flush(path);

    public void Rename(string path, string target) => _files.Rename(path, target);

    public void FlushFolder(string folder) => _files.FlushFolder(folder);

    public void Delete(string path) => _files.Delete(Allowed(path));

    public void Erase(string path) => _files.Erase(Allowed(path));

    private string Allowed(string path) => Denied.Contains(path) ? throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.") : path;
}
