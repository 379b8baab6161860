using AutLearn.Runtime.Stores;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>A kill between overwriting a file and deleting it.</summary>
[Trait("Category", "Fault")]
public sealed class EraseKillTests : IDisposable
{
    private const string Folder = "/store";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // At each operation of a commit that prunes, and of clearing: no file bears a generation's name that is none.
    [Fact]
    public void Generations_KilledWhileErasing_LeaveNoneDamaged()
    {
        int kills = 0;
        for (int at = 1; ; at++)
        {
            var files = new CrashFileSystem();
            using var store = new GenerationStore(Folder, new() { Keep = 2 }, files);
            for (byte i = 1; i <= 2; i++)
                store.Commit([i]);
            files.CrashAt = files.Operations + at;
            try
            {
                store.Commit([3]);
                store.Clear();
                break;
            }
            catch (SimulatedCrashException)
            {
                kills++;
            }

            store.Dispose();
            files.CrashAt = 0;
            using var next = new GenerationStore(Folder, new() { Keep = 2 }, files);
            _ = next.ReadNewestFirst(n => Assert.Fail($"operation {at}: generation {n} is damaged")).ToList();
            Assert.DoesNotContain(files.ListFiles(Folder), f => f.EndsWith(".new", StringComparison.Ordinal));
        }

        Assert.True(kills >= 8, $"{kills}");
    }

    [Fact]
    public void PersonalFile_KilledWhileErasing_IsSweptAndNoLongerThere()
    {
        string path = _folder.File("profile.key");
        PersonalFile.Write(path, "secret"u8);

        // What such a kill leaves: the content, or zeros in its place, under a temporary name.
        File.Move(path, $"{path}.{new string('a', 32)}.tmp");
        PersonalFile.Sweep(path);
        Assert.Empty(Directory.GetFiles(_folder.Path));
        PersonalFile.Write(path, "secret"u8);
        PersonalFile.Erase(path);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}
