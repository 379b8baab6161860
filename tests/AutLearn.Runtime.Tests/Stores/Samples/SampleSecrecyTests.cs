using System.Security.Cryptography;
using System.Text;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Data.Sqlite;

namespace AutLearn.Runtime.Tests.Stores.Samples;

[Trait("Category", "Unit")]
public sealed class SampleSecrecyTests : IDisposable
{
    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_OfAStore_ShowNothingOfASample()
    {
        const string Secret = "the user's own words";
        byte[] label = BitConverter.GetBytes(0x1122_3344_5566_7788L);
        byte[] time = BitConverter.GetBytes(SampleFolder.Start.UtcTicks);
        using (SampleStore store = _folder.Open())
        {
            store.Add(new NewSample { Payload = Encoding.UTF8.GetBytes(Secret), Source = "mother", Label = BitConverter.ToInt64(label), Time = SampleFolder.Start });
            Assert.False(_folder.AnyFileContains(Secret));
        }

        Assert.False(_folder.AnyFileContains(Secret));
        Assert.False(_folder.AnyFileContains("mother"));
        Assert.False(_folder.AnyFileContains(label));
        Assert.False(_folder.AnyFileContains(time));
    }

    [Fact]
    public void Forget_ASample_OverwritesItsCiphertext()
    {
        using (SampleStore store = _folder.Open())
            store.Add([SampleFolder.Sample(1, 9000), SampleFolder.Sample(2, 9000)]);
        byte[] facts = Blob("facts");
        byte[] payload = Blob("payload");

        // A blob spans pages: its beginning, middle and end are looked for apart.
        byte[][] parts = [facts[..12], facts[^16..], payload[..12], payload[4500..4516], payload[^16..]];
        Assert.All(parts, p => Assert.True(_folder.AnyFileContains(p)));
        using (SampleStore store = _folder.Open())
        {
            store.Forget(store.List()[0].Id);
            Assert.All(parts, p => Assert.False(_folder.AnyFileContains(p)));
        }
    }

    [Fact]
    public void ForgetAll_Store_DestroysTheKeysAndGoesOn()
    {
        using SampleStore store = _folder.Open();
        long old = store.Add(SampleFolder.Sample(1));
        Dictionary<string, byte[]> before = _folder.Snapshot();
        store.ForgetAll();
        Assert.Empty(store.List());
        Assert.Null(store.Read(old));
        Dictionary<string, byte[]> after = _folder.Snapshot();
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach (string key in new[] { _folder.KeyFile, _folder.WrappedKey })
            Assert.NotEqual(before[key], after[key]);
        long id = store.Add(SampleFolder.Sample(2));
        Assert.NotEqual(old, id);
        store.Dispose();
        using (SampleStore again = _folder.Open())
            Assert.Equal(SampleFolder.Payload(2), again.Read(id));

        // A copy of the old database is worth nothing with the new keys, nor one with the old wrapped key.
        File.WriteAllBytes(_folder.Database, before[_folder.Database]);
        Assert.Equal(SampleStoreFailure.WrongKey, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        File.WriteAllBytes(_folder.WrappedKey, before[_folder.WrappedKey]);
        Assert.Equal(SampleStoreFailure.WrongKey, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        SampleStore.Destroy(_folder.Path, _folder.Protector);
        using (SampleStore again = _folder.Open())
            Assert.Empty(again.List());
    }

    [Fact]
    public void Open_WithoutTheRightKey_SaysSo()
    {
        using (SampleStore store = _folder.Open())
        {
            store.Add(SampleFolder.Sample(1));
            Assert.Equal(SampleStoreFailure.InUse, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        }

        var other = new KeyFileProtector(_folder.File("keys", "other.key"));
        other.Protect(new byte[32]);
        SampleStoreException error = Assert.Throws<SampleStoreException>(() => SampleStore.Open(_folder.Path, other));
        Assert.Equal(SampleStoreFailure.WrongKey, error.Reason);
        Assert.Equal(_folder.WrappedKey, error.File);

        byte[] key = File.ReadAllBytes(_folder.KeyFile);
        File.Delete(_folder.KeyFile);
        Assert.Equal(SampleStoreFailure.KeyMissing, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        File.WriteAllBytes(_folder.KeyFile, key);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            Assert.Contains("0600", Assert.Throws<SampleStoreException>(() => _folder.Open()).Message, StringComparison.Ordinal);
            File.SetUnixFileMode(_folder.KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using (SampleStore store = _folder.Open())
            Assert.Single(store.List());
        File.Delete(_folder.WrappedKey);
        Assert.Equal(SampleStoreFailure.KeyMissing, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
    }

    [Fact]
    public void Open_MissingDatabase_IsNotTakenForANewStore()
    {
        using (SampleStore store = _folder.Open())
            store.Add(SampleFolder.Sample(1));
        File.WriteAllBytes(_folder.Database, []);
        Assert.Equal(SampleStoreFailure.Damaged, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        File.Delete(_folder.Database);
        Assert.Equal(SampleStoreFailure.Damaged, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
    }

    [Fact]
    public void Open_RowsOfAnotherOrder_AreNoticed()
    {
        using (SampleStore store = _folder.Open())
            store.Add([SampleFolder.Sample(1), SampleFolder.Sample(2), SampleFolder.Sample(3)]);
        Dictionary<string, byte[]> files = _folder.Snapshot();
        foreach (string sql in new[]
        {
            "DELETE FROM sample WHERE id = (SELECT max(id) FROM sample)",
            "UPDATE sample SET id = id + 10",
            "UPDATE sample SET facts = (SELECT facts FROM sample LIMIT 1)",
            "INSERT INTO sample SELECT max(id) + 1, facts, payload FROM sample",
            "UPDATE sample SET facts = 'text'",
            "UPDATE sample SET facts = x''",
            "DELETE FROM seal WHERE id = 1",
            "UPDATE seal SET content = (SELECT content FROM seal WHERE id = 1)",
            "CREATE TRIGGER t AFTER UPDATE ON seal BEGIN DELETE FROM sample; END",
            "CREATE VIEW v AS SELECT 1",
            "DROP TABLE sample",
            "PRAGMA user_version = 0",
        })
        {
            Execute(sql);
            SampleStoreException error = Assert.Throws<SampleStoreException>(() => _folder.Open());
            Assert.True(error.Reason is SampleStoreFailure.Damaged or SampleStoreFailure.WrongKey, sql);
            _folder.Restore(files);
        }

        Execute("PRAGMA user_version = 2");
        Assert.Equal(SampleStoreFailure.NewerFormat, Assert.Throws<SampleStoreException>(() => _folder.Open()).Reason);
        _folder.Restore(files);

        // Contents moved between rows are noticed where they are read.
        Execute("UPDATE sample SET payload = (SELECT payload FROM sample LIMIT 1)");
        using (SampleStore store = _folder.Open())
        {
            IReadOnlyList<StoredSample> list = store.List();
            Assert.Equal(SampleFolder.Payload(1), store.Read(list[0].Id));
            Assert.Equal(SampleStoreFailure.Damaged, Assert.Throws<SampleStoreException>(() => store.Read(list[1].Id)).Reason);
            Assert.Equal([list[1].Id, list[2].Id], store.Verify().Damaged.ToArray());
            Assert.True(store.Forget(list[1].Id));
        }
    }

    [Fact]
    public void KeyFile_Created_IsOfItsOwnerAlone()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] wrapped = _folder.Protector.Protect(key);
        Assert.NotEqual(wrapped, _folder.Protector.Protect(key));
        Assert.Equal(key, _folder.Protector.Unprotect(wrapped));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.KeyFile));
        for (int i = 0; i < wrapped.Length; i++)
        {
            byte[] changed = [.. wrapped];
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => _folder.Protector.Unprotect(changed));
        }

        _folder.Protector.Destroy();
        _folder.Protector.Destroy();
        Assert.False(File.Exists(_folder.KeyFile));
        Assert.Equal(KeyProtectorFailure.Missing, Assert.Throws<KeyProtectorException>(() => _folder.Protector.Unprotect(wrapped)).Reason);
        _folder.Protector.Protect(key);
        Assert.ThrowsAny<CryptographicException>(() => _folder.Protector.Unprotect(wrapped));
    }

    private byte[] Blob(string column)
    {
        using SqliteConnection connection = Connect();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {column} FROM sample ORDER BY id LIMIT 1";
        return (byte[])command.ExecuteScalar()!;
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = Connect();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        connection.Open();
        return connection;
    }
}
