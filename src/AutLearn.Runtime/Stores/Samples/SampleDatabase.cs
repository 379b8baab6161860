using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using AutLearn.Cache.Disk;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>
/// The rows of a store: facts and content, both encrypted, by row number, without indexes, so that nothing but the rows can disagree.
/// </summary>
/// <remarks>
/// A seal, encrypted too and rewritten by each transaction, holds the next row number, the count, the exclusive or of the rows'
/// authentication tags, and the store's own clock: a row that damage hides, brings back or repeats is noticed when the store is opened. Not safe for several threads.
/// </remarks>
internal sealed class SampleDatabase : IDisposable
{
    private const int FormatVersion = 1;
    private const int LengthLimit = (64 << 20) + (64 << 10);

    // From before there was a clock in the seal.
    private const int SealSizeOfWallClock = sizeof(long) + sizeof(long) + SampleCipher.TagSize;
    private const int SealSize = SealSizeOfWallClock + (2 * sizeof(long));
    private const int StoreIdRow = 0;
    private const int SealRow = 1;
    private const int SqliteLimitLength = 0;
    private const string SampleTable = "CREATE TABLE sample (id INTEGER PRIMARY KEY, facts BLOB NOT NULL, payload BLOB NOT NULL)";
    private const string SealTable = "CREATE TABLE seal (id INTEGER PRIMARY KEY, content BLOB NOT NULL)";

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SampleCipher _cipher;
    private readonly TimeProvider _time;
    private readonly Dictionary<long, UInt128> _tags = [];
    private UInt128 _sum;
    private (TimeSpan Age, DateTimeOffset Epoch) _savedClock;

    private SampleDatabase(string path, SqliteConnection connection, SampleCipher cipher, TimeProvider time)
    {
        _path = path;
        _connection = connection;
        _cipher = cipher;
        _time = time;
        Clock = new(time);
    }

    /// <summary>Gets the number of the next sample.</summary>
    public long NextId { get; private set; }

    /// <summary>Gets the time that this store has seen pass; saved with each change.</summary>
    public AgeClock Clock { get; private set; }

    /// <summary>Gets whether the clock has gone on, or been set, enough to be worth a change of its own.</summary>
    public bool IsClockOutdated => Clock.Age - _savedClock.Age >= TimeSpan.FromDays(1) || Clock.Epoch != _savedClock.Epoch;

    /// <summary>Opens a database that was created before, and reads what is known about each sample.</summary>
    public static SampleDatabase Open(string path, SampleCipher cipher, TimeProvider time, List<StoredSample> samples) =>
        File.Exists(path) ? Open(path, cipher, time, samples, mayCreate: false) : throw SqliteFaults.Damaged(path, "it is missing though samples were committed to it", null);

    /// <summary>Opens a database, or creates it where there is none or a crash cut its creation short.</summary>
    public static SampleDatabase OpenOrCreate(string path, SampleCipher cipher, TimeProvider time, List<StoredSample> samples) => Open(path, cipher, time, samples, mayCreate: true);

    /// <summary>Commits a change as one transaction; on failure the database is as it was.</summary>
    public void Apply(SampleChange change) => SqliteFaults.Translate(_path, () =>
    {
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        UInt128 sum = _sum;
        List<(long Id, UInt128 Tag)> tags = [];
        foreach (long id in change.Removed)
        {
            RequireOne(Run("DELETE FROM sample WHERE id = $id", ("$id", id)), id);
            sum ^= _tags[id];
        }

        foreach (StoredSample sample in change.Updated)
        {
            byte[] facts = EncryptFacts(sample);
            RequireOne(Run("UPDATE sample SET facts = $facts WHERE id = $id", ("$id", sample.Id), ("$facts", facts)), sample.Id);
            UInt128 tag = SampleCipher.TagOf(facts);
            sum ^= _tags[sample.Id] ^ tag;
            tags.Add((sample.Id, tag));
        }

        foreach ((StoredSample sample, ReadOnlyMemory<byte> payload) in change.Added)
        {
            byte[] facts = EncryptFacts(sample);
            byte[] content = _cipher.Encrypt(SamplePart.Payload, sample.Id, payload.Span);
            Run("INSERT INTO sample (id, facts, payload) VALUES ($id, $facts, $payload)", ("$id", sample.Id), ("$facts", facts), ("$payload", content));
            UInt128 tag = SampleCipher.TagOf(facts);
            sum ^= tag;
            tags.Add((sample.Id, tag));
        }

        long next = NextId + change.Added.Count;
        int count = _tags.Count + change.Added.Count - change.Removed.Count;
        RequireOne(Run("UPDATE seal SET content = $seal WHERE id = 1", ("$seal", EncryptSeal(next, count, sum))), SealRow);
        transaction.Commit();

        _savedClock = (Clock.Age, Clock.Epoch);
        foreach (long id in change.Removed)
            _tags.Remove(id);
        foreach ((long id, UInt128 tag) in tags)
            _tags[id] = tag;
        (NextId, _sum) = (next, sum);
    });

    /// <summary>Reads a content; throws if it is damaged.</summary>
    public byte[] ReadPayload(StoredSample sample)
    {
        byte[]? payload = null;
        SqliteFaults.Translate(_path, () =>
        {
            using SqliteCommand command = Command("SELECT payload FROM sample WHERE id = $id", ("$id", sample.Id));
            using SqliteDataReader reader = command.ExecuteReader();
            if (reader.Read())
                payload = _cipher.Decrypt(SamplePart.Payload, sample.Id, Blob(reader, 0));
        });
        return payload is not null && payload.Length == sample.SizeInBytes
            ? payload
            : throw Damaged($"the content of sample {sample.Id} is not as it was stored. Forget the sample");
    }

    /// <summary>What SQLite itself finds wrong.</summary>
    public List<string> CheckStructure()
    {
        List<string> problems = [];
        SqliteFaults.Translate(_path, () =>
        {
            using SqliteCommand command = Command("PRAGMA integrity_check(100)");
            using SqliteDataReader reader = command.ExecuteReader();
            while (reader.Read())
                problems.Add(reader.GetString(0));
        });
        if (problems is ["ok"])
            problems.Clear();
        return problems;
    }

    public void Dispose() => _connection.Dispose();

    private static SampleDatabase Open(string path, SampleCipher cipher, TimeProvider time, List<StoredSample> samples, bool mayCreate)
    {
        // SQLite gives its journal the mode of the database.
        if (mayCreate)
            PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
        foreach (string file in new[] { path, path + "-journal", path + "-wal", path + "-shm" })
            PrivateFiles.Protect(file);
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(settings.ConnectionString);
        var database = new SampleDatabase(path, connection, cipher, time);
        try
        {
            SqliteFaults.Translate(path, () => database.Load(samples, mayCreate));
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private void Load(List<StoredSample> samples, bool mayCreate)
    {
        _connection.Open();
        _ = raw.sqlite3_limit(_connection.Handle, SqliteLimitLength, LengthLimit);

        // Full syncs make a commit durable; zeros over deleted rows; no row leaves memory for a temporary file; one owner of the files.
        Run("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON;");
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        long version = Number("PRAGMA user_version");
        List<string> schema = Schema();
        if (schema.Count == 0 && version == 0 && mayCreate)
            Create();
        else if (version > FormatVersion)
            throw new SampleStoreException(SampleStoreFailure.NewerFormat, $"The samples in '{_path}' have format {version}; this version reads {FormatVersion}. Update the app, or restore older files.") { File = _path };
        else if (version != FormatVersion || !schema.SequenceEqual([SampleTable, SealTable]))
            throw Damaged("it holds other tables than the samples'");
        transaction.Commit();
        ReadSeal(out long count, out UInt128 expected);
        ReadFacts(samples);
        if (samples.Count != count || _sum != expected || (samples.Count > 0 && samples[^1].Id >= NextId))
            throw Damaged("samples are missing or are not those that were committed");
    }

    // Random beginnings keep the numbers of a store that was forgotten from naming other samples' features.
    private void Create()
    {
        NextId = 1 + (BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long))) & ((1L << 52) - 1));
        Run(SampleTable);
        Run(SealTable);
        Run("INSERT INTO seal (id, content) VALUES (0, $id)", ("$id", _cipher.StoreId.ToArray()));
        Run("INSERT INTO seal (id, content) VALUES (1, $seal)", ("$seal", EncryptSeal(NextId, 0, 0)));
        Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {FormatVersion}"));
    }

    private List<string> Schema()
    {
        List<string> schema = [];
        using SqliteCommand command = Command("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY rowid LIMIT 3");
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
            schema.Add(reader.GetString(0));
        return schema;
    }

    private void ReadSeal(out long count, out UInt128 sum)
    {
        Dictionary<long, byte[]> rows = [];
        using (SqliteCommand command = Command("SELECT id, content FROM seal ORDER BY id LIMIT 3"))
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
                rows[reader.GetInt64(0)] = Blob(reader, 1);
        }

        if (!rows.TryGetValue(StoreIdRow, out byte[]? id) || !rows.TryGetValue(SealRow, out byte[]? cipher) || rows.Count != 2)
            throw Damaged("its seal is missing");
        if (!_cipher.StoreId.SequenceEqual(id))
            throw new SampleStoreException(SampleStoreFailure.WrongKey, $"The samples in '{_path}' belong to another key than the one in the folder. Put the files back that belong together.") { File = _path };
        if (_cipher.Decrypt(SamplePart.Seal, SealRow, cipher) is not { Length: SealSize or SealSizeOfWallClock } seal)
            throw Damaged("its seal is broken");
        NextId = BinaryPrimitives.ReadInt64LittleEndian(seal);
        count = BinaryPrimitives.ReadInt64LittleEndian(seal.AsSpan(8));
        sum = BinaryPrimitives.ReadUInt128LittleEndian(seal.AsSpan(16));
        if (seal.Length < SealSize)
            return;
        _savedClock = (new(BinaryPrimitives.ReadInt64LittleEndian(seal.AsSpan(32))), new(BinaryPrimitives.ReadInt64LittleEndian(seal.AsSpan(40)), TimeSpan.Zero));
        Clock = new(_time, _savedClock.Age, _savedClock.Epoch);
    }

    private void ReadFacts(List<StoredSample> samples)
    {
        using SqliteCommand command = Command("SELECT id, facts FROM sample ORDER BY id");
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            long id = reader.GetInt64(0);
            byte[] cipher = Blob(reader, 1);
            if (_cipher.Decrypt(SamplePart.Facts, id, cipher) is not { } facts || SampleFacts.Decode(id, facts, Clock.Epoch) is not { } sample || !_tags.TryAdd(id, SampleCipher.TagOf(cipher)))
                throw Damaged("what it says about a sample is not as it was stored");
            _sum ^= SampleCipher.TagOf(cipher);
            samples.Add(sample);
        }
    }

    private byte[] EncryptFacts(StoredSample sample) => _cipher.Encrypt(SamplePart.Facts, sample.Id, SampleFacts.Encode(sample));

    private byte[] EncryptSeal(long next, long count, UInt128 sum)
    {
        byte[] seal = new byte[SealSize];
        BinaryPrimitives.WriteInt64LittleEndian(seal, next);
        BinaryPrimitives.WriteInt64LittleEndian(seal.AsSpan(8), count);
        BinaryPrimitives.WriteUInt128LittleEndian(seal.AsSpan(16), sum);
        BinaryPrimitives.WriteInt64LittleEndian(seal.AsSpan(32), Clock.Age.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(seal.AsSpan(40), Clock.Epoch.UtcTicks);
        return _cipher.Encrypt(SamplePart.Seal, SealRow, seal);
    }

    private byte[] Blob(SqliteDataReader reader, int column) =>
        reader.GetValue(column) as byte[] ?? throw Damaged("a column is of another type");

    private void RequireOne(int rows, long id)
    {
        if (rows != 1)
            throw Damaged($"row {id} is gone");
    }

    private SampleStoreException Damaged(string what) => SqliteFaults.Damaged(_path, what, null);

    private long Number(string sql)
    {
        using SqliteCommand command = Command(sql);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    private int Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
