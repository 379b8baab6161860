using System.Security.Cryptography;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Tests.Stores;

[Trait("Category", "Fault")]
public sealed class ProfileKeyTests : IDisposable
{
    private readonly ProfileFolder _profile = new();

    public void Dispose() => _profile.Dispose();

    [Theory]
    [InlineData(KeyProtectorFailure.Locked)]
    [InlineData(KeyProtectorFailure.Missing)]
    [InlineData(KeyProtectorFailure.AccessDenied)]
    [InlineData(KeyProtectorFailure.Damaged)]
    [InlineData(KeyProtectorFailure.OtherKey)]
    public void Open_ProtectorFails_TellsWhatAPersonCanMend(KeyProtectorFailure failure)
    {
        _ = _profile.Key.DeriveKey("any");
        var protector = new FailingProtector(new KeyProtectorException(failure, "Unlock the phone."));
        ProfileKeyException error = Assert.Throws<ProfileKeyException>(() => ProfileKey.Open(_profile.KeyPath, protector));
        Assert.Equal(failure, error.Reason);
        Assert.Contains("Unlock the phone.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("elete", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unseal_KeyMissing_MakesNoOther()
    {
        byte[] sealedBytes = _profile.Key.Seal("content"u8, "state");
        byte[] key = File.ReadAllBytes(_profile.KeyPath);
        File.Delete(_profile.KeyPath);
        using (ProfileKey other = _profile.OpenKey())
            AssertMissing(Assert.Throws<ProfileKeyException>(() => other.Unseal([.. sealedBytes], "state", "f")));
        Assert.False(File.Exists(_profile.KeyPath));
        File.WriteAllBytes(_profile.KeyPath, key);
        using ProfileKey again = _profile.OpenKey();
        Assert.Equal("content"u8.ToArray(), again.Unseal([.. sealedBytes], "state", "f").ToArray());
    }

    [Fact]
    public void Write_KeyMissingAndTheFileSealed_KeepsTheFileAndMakesNoOtherKey()
    {
        PersonalFile.Write(Made("hits"), "learned"u8, _profile.Key);
        byte[] key = File.ReadAllBytes(_profile.KeyPath);
        File.Delete(_profile.KeyPath);
        using (ProfileKey other = _profile.OpenKey())
        {
            AssertMissing(Assert.Throws<ProfileKeyException>(() => PersonalFile.Write(_profile.File("hits"), "new"u8, other)));
            AssertMissing(Assert.Throws<ProfileKeyException>(() => PersonalFile.Read(_profile.File("hits"), other)));
        }

        Assert.False(File.Exists(_profile.KeyPath));
        File.WriteAllBytes(_profile.KeyPath, key);
        using ProfileKey again = _profile.OpenKey();
        Assert.Equal("learned"u8.ToArray(), PersonalFile.Read(_profile.File("hits"), again));
    }

    [Fact]
    public void GenerationStore_KeyMissing_RefusesAllButClearing()
    {
        using (var generations = new GenerationStore(Made("generations"), new() { Key = _profile.Key }))
        {
            generations.Commit("one"u8);
            generations.Commit("two"u8);
        }

        byte[] key = File.ReadAllBytes(_profile.KeyPath);
        File.Delete(_profile.KeyPath);
        var logger = new MessageLogger();
        using (ProfileKey other = _profile.OpenKey())
        using (var generations = new GenerationStore(_profile.File("generations"), new() { Key = other }, logger: logger))
        {
            AssertMissing(Assert.Throws<ProfileKeyException>(() => generations.Commit("three"u8)));
            AssertMissing(Assert.Throws<ProfileKeyException>(() => generations.ReadNewestFirst().ToArray()));
        }

        Assert.False(File.Exists(_profile.KeyPath));
        Assert.DoesNotContain(logger.Messages, m => m.Contains("damaged", StringComparison.Ordinal));
        File.WriteAllBytes(_profile.KeyPath, key);
        using (ProfileKey again = _profile.OpenKey())
        using (var generations = new GenerationStore(_profile.File("generations"), new() { Key = again }))
            Assert.Equal([2L, 1L], generations.ReadNewestFirst().Select(g => g.Number));

        // Without any copy of the key, there is a way to begin anew.
        File.Delete(_profile.KeyPath);
        using ProfileKey anew = _profile.OpenKey();
        using var store = new GenerationStore(_profile.File("generations"), new() { Key = anew });
        store.Clear();
        Assert.Throws<ProfileKeyException>(() => store.Commit("three"u8));
        File.Delete(_profile.KeyPath + ".made");
        Assert.Equal(1, store.Commit("three"u8));
    }

    [Fact]
    public void DeriveKey_KeyMissing_MakesNoOtherWhoeverAsksFirst()
    {
        _ = _profile.Key.Seal("x"u8, "state");
        File.Delete(_profile.KeyPath);
        using ProfileKey other = _profile.OpenKey();
        var options = new AutLearn.Cache.Disk.FeatureStoreOptions { RowSizeInBytes = 4, BackboneKey = "backbone", KeySource = () => other.DeriveKey("features") };
        AssertMissing(Assert.Throws<ProfileKeyException>(() => AutLearn.Cache.Disk.FeatureStore.Open(_profile.File("features"), options)));
        Assert.False(File.Exists(_profile.KeyPath));

        // Who goes on with the key in memory writes it again, as before.
        _ = _profile.Key.DeriveKey("state");
        Assert.True(File.Exists(_profile.KeyPath));
    }

    [Fact]
    public void GenerationStore_KeyDestroyed_BeginsAnew()
    {
        using (var generations = new GenerationStore(Made("generations"), new() { Key = _profile.Key }))
            generations.Commit("one"u8);
        _profile.Key.Destroy();
        using ProfileKey again = _profile.OpenKey();
        using var store = new GenerationStore(_profile.File("generations"), new() { Key = again });
        Assert.Empty(store.ReadNewestFirst());
        Assert.Equal(2, store.Commit("two"u8));
        Assert.Equal([2L], store.ReadNewestFirst().Select(g => g.Number));
    }

    [Fact]
    public void GenerationStore_OtherKey_DoesNotCallTheGenerationDamaged()
    {
        using (var generations = new GenerationStore(Made("generations"), new() { Key = _profile.Key }))
            generations.Commit("one"u8);
        using var other = ProfileKey.Open(_profile.File("other.key"), new KeyFileProtector(_profile.ProtectorPath));
        _ = other.DeriveKey("any");
        var logger = new MessageLogger();
        using var store = new GenerationStore(_profile.File("generations"), new() { Key = other }, logger: logger);
        Assert.Empty(store.ReadNewestFirst());
        Assert.Equal(["Generation 1 cannot be read"], logger.Messages);
    }

    [Fact]
    public void DeriveKey_AfterReopening_IsTheSame()
    {
        byte[] features = _profile.Key.DeriveKey("features");
        Assert.Equal(32, features.Length);
        Assert.NotEqual(features, _profile.Key.DeriveKey("state"));
        using ProfileKey again = _profile.OpenKey();
        Assert.Equal(features, again.DeriveKey("features"));
        Assert.Empty(_profile.Holding(features));
    }

    [Fact]
    public void Open_WithoutUse_MakesNoFile()
    {
        Assert.False(Directory.Exists(_profile.Path));
        _ = _profile.Key.DeriveKey("state");
        Assert.Equal([_profile.KeyPath, _profile.KeyPath + ".made", _profile.ProtectorPath], _profile.Files());
    }

    [Fact]
    public void DeriveKey_AfterTheFolderWasDeleted_WritesTheSameKeyAgain()
    {
        byte[] sealedBytes = _profile.Key.Seal("learned"u8, "state");
        Directory.Delete(_profile.Path, recursive: true);
        _ = _profile.Key.Seal("more"u8, "state");
        using ProfileKey again = _profile.OpenKey();
        Assert.Equal("learned"u8, again.Unseal(sealedBytes, "state", "f").Span);
    }

    [Fact]
    public void Destroy_Key_EndsWhatItSealedAndBeginsAnew()
    {
        byte[] sealedBytes = _profile.Key.Seal("what was learned"u8, "state");
        byte[] wrapped = File.ReadAllBytes(_profile.KeyPath);
        _profile.Key.Destroy();
        Assert.Empty(_profile.Files());
        Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal(sealedBytes, "state", "f"));

        // A copy of the wrapped key is worth nothing without the wrapping key.
        using ProfileKey anew = _profile.OpenKey();
        _ = anew.DeriveKey("state");
        File.WriteAllBytes(_profile.KeyPath, wrapped);
        Assert.Throws<ProfileKeyException>(() => _profile.OpenKey());
    }

    [Fact]
    public void Open_EveryByteOfTheFileChangedOrCut_IsRefused()
    {
        _ = _profile.Key.DeriveKey("state");
        byte[] intact = File.ReadAllBytes(_profile.KeyPath);
        for (int at = 0; at < intact.Length; at++)
        {
            byte[] damaged = [.. intact];
            damaged[at] ^= 1;
            File.WriteAllBytes(_profile.KeyPath, damaged);
            Assert.Equal(_profile.KeyPath, Assert.Throws<ProfileKeyException>(() => _profile.OpenKey()).File);
            File.WriteAllBytes(_profile.KeyPath, intact[..at]);
            Assert.Throws<ProfileKeyException>(() => _profile.OpenKey());
        }
    }

    [Fact]
    public void DeriveKey_ManyAtOnceOnAFreshProfile_AgreeOnOneKey()
    {
        for (int round = 0; round < 10; round++)
        {
            string folder = _profile.File($"round{round}");
            using var start = new Barrier(4);
            byte[][] keys = new byte[4][];
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                using var key = ProfileKey.Open(Path.Combine(folder, "a.key"), new KeyFileProtector(Path.Combine(folder, "b.key")));
                start.SignalAndWait();
                keys[i] = key.DeriveKey("state");
            }))];
            foreach (Thread thread in threads)
                thread.Start();
            foreach (Thread thread in threads)
                thread.Join();
            Assert.All(keys, k => Assert.Equal(keys[0], k));
            Assert.Equal(3, Directory.GetFiles(folder).Length);
        }
    }

    [Fact]
    public void Unseal_EveryBitFlippedAndEveryTruncation_IsRefused()
    {
        byte[] content = RandomNumberGenerator.GetBytes(100);
        byte[] intact = _profile.Key.Seal(content, "generation/3");
        Assert.Equal(SealedContent.Overhead + content.Length, intact.Length);
        Assert.Equal(content, _profile.Key.Unseal([.. intact], "generation/3", "f").ToArray());
        for (int bit = 0; bit < intact.Length * 8; bit++)
        {
            byte[] damaged = [.. intact];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal("f", Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal(damaged, "generation/3", "f")).File);
        }

        for (int length = 0; length < intact.Length; length++)
            Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal(intact[..length], "generation/3", "f"));
        Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal([.. intact, 0], "generation/3", "f"));
    }

    [Fact]
    public void Unseal_OfAnotherPurpose_IsRefused()
    {
        byte[] bytes = _profile.Key.Seal("x"u8, "generation/3");
        foreach (string purpose in (string[])["generation/4", "generation/30", "state", "generation/"])
            Assert.Contains("another purpose", Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal([.. bytes], purpose, "f")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seal_SameContentTwice_DiffersEverywhere()
    {
        byte[] first = _profile.Key.Seal(new byte[64], "state"), second = _profile.Key.Seal(new byte[64], "state");
        Assert.NotEqual(first[^64..], second[^64..]);
    }

    [Fact]
    public void ForgetAll_OfASampleStoreUnderTheProfilesKey_DestroysItToo()
    {
        byte[] sealedBytes = _profile.Key.Seal("learned"u8, "state");
        using (SampleStore samples = SampleStore.Open(_profile.File("samples"), _profile.Key))
        {
            samples.Add(new NewSample { Payload = new byte[] { 1 } });
            samples.ForgetAll();
            samples.Add(new NewSample { Payload = new byte[] { 2 } });
        }

        Assert.Throws<InvalidArtifactException>(() => _profile.Key.Unseal([.. sealedBytes], "state", "f"));
        byte[] after = _profile.Key.Seal("learned since"u8, "state");
        using ProfileKey again = _profile.OpenKey();
        Assert.Equal("learned since"u8, again.Unseal(after, "state", "f").Span);
        using SampleStore reopened = SampleStore.Open(_profile.File("samples"), again);
        Assert.Single(reopened.List());
    }

    private string Made(string name)
    {
        DeviceFileSystem.Instance.CreateFolder(_profile.Path);
        return _profile.File(name);
    }

    private void AssertMissing(ProfileKeyException error)
    {
        Assert.Equal((KeyProtectorFailure.Missing, _profile.KeyPath), (error.Reason, error.File));
        Assert.Contains("is missing", error.Message, StringComparison.Ordinal);
    }

    private sealed class MessageLogger : ILogger<GenerationStore>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));
    }
}
