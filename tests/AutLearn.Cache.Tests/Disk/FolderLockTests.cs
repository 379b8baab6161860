using AutLearn.Cache.Disk;
using AutLearn.Testing;

namespace AutLearn.Cache.Tests.Disk;

[Trait("Category", "Fault")]
public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Acquire_WhileHeld_IsRefusedUntilDisposed()
    {
        var first = FolderLock.Acquire(_folder.Path);
        FolderInUseException error = Assert.Throws<FolderInUseException>(() => FolderLock.Acquire(_folder.Path));
        Assert.Equal(_folder.Path, error.Folder);
        Assert.Contains("Close it there", error.Message, StringComparison.Ordinal);
        first.Dispose();
        first.Dispose();
        FolderLock.Acquire(_folder.Path).Dispose();
    }

    [Fact]
    public void Acquire_SameFolderByAnotherPath_IsRefused()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "folder")).FullName;
        using var first = FolderLock.Acquire(folder);
        Assert.Throws<FolderInUseException>(() => FolderLock.Acquire(Path.Combine(folder, "..", "folder")));
        if (OperatingSystem.IsWindows())
            return;
        string link = Path.Combine(_folder.Path, "link");
        Directory.CreateSymbolicLink(link, folder);
        Assert.Throws<FolderInUseException>(() => FolderLock.Acquire(link));
    }

    // No file stands for the lock, so that none can be deleted or replaced under its owner.
    [Fact]
    public void Acquire_FolderEmptiedMeanwhile_IsStillRefused()
    {
        using var first = FolderLock.Acquire(_folder.Path);
        if (!OperatingSystem.IsWindows())
            Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        Assert.Throws<FolderInUseException>(() => FolderLock.Acquire(_folder.Path));
    }

    [Fact]
    public void Acquire_ByManyThreads_HasOneOwnerAtATime()
    {
        int owners = 0, most = 0, times = 0;
        Parallel.For(0, 2000, _ =>
        {
            try
            {
                using var held = FolderLock.Acquire(_folder.Path);
                int now = Interlocked.Increment(ref owners);
                most = Math.Max(most, now);
                Interlocked.Increment(ref times);
                Interlocked.Decrement(ref owners);
            }
            catch (FolderInUseException)
            {
                // Another thread has it; the next turn tries again.
            }
        });
        Assert.Equal(1, most);
        Assert.True(times > 0);
        FolderLock.Acquire(_folder.Path).Dispose();
    }

    [Fact]
    public void Acquire_MissingFolder_Throws() =>
        Assert.ThrowsAny<IOException>(() => FolderLock.Acquire(Path.Combine(_folder.Path, "missing")));
}
