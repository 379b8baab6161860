using System.Diagnostics;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Runtime.Tests.Stores.Samples;

/// <summary>What is wrong with a key can be mended by a person, as long as nobody tells them to destroy the samples.</summary>
[Trait("Category", "Fault")]
public sealed class SampleKeyTests : IDisposable
{
    private readonly SampleFolder _folder = new();
    private readonly byte[] _key;

    public SampleKeyTests()
    {
        using (SampleStore store = _folder.Open())
            store.Add(SampleFolder.Sample(1));
        _key = File.ReadAllBytes(_folder.KeyFile);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_KeyFileMissing_SaysSo()
    {
        File.Delete(_folder.KeyFile);
        Refused(SampleStoreFailure.KeyMissing, "missing");
        Assert.False(File.Exists(_folder.KeyFile));
        Directory.Delete(Path.GetDirectoryName(_folder.KeyFile)!);
        Refused(SampleStoreFailure.KeyMissing, "missing");
        Mended();
    }

    [Fact]
    public void Open_WrappedKeyMissing_SaysSo()
    {
        byte[] wrapped = File.ReadAllBytes(_folder.WrappedKey);
        File.Delete(_folder.WrappedKey);
        Refused(SampleStoreFailure.KeyMissing, "Put it back");
        File.WriteAllBytes(_folder.WrappedKey, wrapped);
        Mended();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(5000)]
    public void Open_KeyFileOfAWrongSize_SaysSo(int size)
    {
        File.WriteAllBytes(_folder.KeyFile, SampleFolder.Payload(1, size));
        Refused(SampleStoreFailure.KeyDamaged, $"{size} bytes");
        Mended();
    }

    [Fact]
    public void Open_KeyOfAnotherProfile_SaysSo()
    {
        File.WriteAllBytes(_folder.KeyFile, SampleFolder.Payload(1, 32));
        Refused(SampleStoreFailure.WrongKey, "another profile");
        Mended();
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite)]
    public void Open_KeyFileOpenToOthers_SaysSo(UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(_folder.KeyFile, mode);
        Refused(SampleStoreFailure.KeyAccessDenied, "0600");
        Mended();
    }

    [Fact]
    public void Open_FolderOrPipeInPlaceOfTheKeyFile_SaysSo()
    {
        if (OperatingSystem.IsWindows())
            return;
        File.Delete(_folder.KeyFile);
        Directory.CreateDirectory(_folder.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Contains("no regular file", Assert.ThrowsAny<IOException>(() => _folder.Open()).Message, StringComparison.Ordinal);
        Directory.Delete(_folder.KeyFile);
        using (Process pipe = Process.Start("mkfifo", ["-m", "600", _folder.KeyFile]))
            pipe.WaitForExit();
        Assert.Contains("no regular file", Assert.ThrowsAny<IOException>(() => _folder.Open()).Message, StringComparison.Ordinal);
        File.Delete(_folder.KeyFile);
        Mended();
    }

    [Theory]
    [InlineData(KeyProtectorFailure.Locked, SampleStoreFailure.KeyLocked)]
    [InlineData(KeyProtectorFailure.Missing, SampleStoreFailure.KeyMissing)]
    [InlineData(KeyProtectorFailure.AccessDenied, SampleStoreFailure.KeyAccessDenied)]
    [InlineData(KeyProtectorFailure.Damaged, SampleStoreFailure.KeyDamaged)]
    [InlineData(KeyProtectorFailure.OtherKey, SampleStoreFailure.WrongKey)]
    public void Open_ProtectorOfTheAppFails_TellsWhy(KeyProtectorFailure failure, SampleStoreFailure expected)
    {
        var protector = new FailingProtector(new KeyProtectorException(failure, "Unlock the phone."));
        SampleStoreException error = Assert.Throws<SampleStoreException>(() => SampleStore.Open(_folder.Path, protector));
        Assert.Equal(expected, error.Reason);
        Assert.Contains("Unlock the phone.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Destroy", error.Message, StringComparison.Ordinal);

        // The same when a fresh store wraps its first key.
        Assert.Equal(expected, Assert.Throws<SampleStoreException>(() => SampleStore.Open(_folder.File("fresh", "x")[..^2], protector)).Reason);
        Mended();
    }

    [Fact]
    public void Open_KeyMayNotBeRead_SaysSo()
    {
        var protector = new FailingProtector(new UnauthorizedAccessException("Access to the key is denied."));
        Assert.Equal(SampleStoreFailure.KeyAccessDenied, Assert.Throws<SampleStoreException>(() => SampleStore.Open(_folder.Path, protector)).Reason);
        var files = new DenyingFileSystem();
        files.Denied.Add(_folder.WrappedKey);
        SampleStoreException error = Assert.Throws<SampleStoreException>(() => SampleStore.Open(_folder.Path, _folder.Protector, files, null, _folder.Clock, null));
        Assert.Equal(SampleStoreFailure.KeyAccessDenied, error.Reason);
        Assert.DoesNotContain("Destroy", error.Message, StringComparison.Ordinal);
        Mended();
    }

    [Fact]
    public void Destroy_WhileTheStoreIsOpen_IsRefused()
    {
        using SampleStore store = _folder.Open();
        Assert.Equal(SampleStoreFailure.InUse, Assert.Throws<SampleStoreException>(() => SampleStore.Destroy(_folder.Path, _folder.Protector)).Reason);
        store.Add(SampleFolder.Sample(2));
        Assert.Equal(2, store.List().Count);
    }

    private void Refused(SampleStoreFailure reason, string says)
    {
        SampleStoreException error = Assert.Throws<SampleStoreException>(() => _folder.Open());
        Assert.Equal(reason, error.Reason);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Destroy", error.Message, StringComparison.Ordinal);
    }

    private void Mended()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.KeyFile)!);
        File.WriteAllBytes(_folder.KeyFile, _key);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using SampleStore store = _folder.Open();
        Assert.Equal(SampleFolder.Payload(1), store.Read(Assert.Single(store.List()).Id));
    }
}
