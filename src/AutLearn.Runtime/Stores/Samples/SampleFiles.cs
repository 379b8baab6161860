using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>
/// The files of a store: the wrapped key, written once; the database; a mark that the database was created, so that a missing one is noticed;
/// and a mark that all is to be forgotten, so that a crash in the middle ends with everything gone.
/// </summary>
internal sealed class SampleFiles
{
    private const ulong Magic = 0x3130_4B53_4C54_5541; // "AUTLSK01"
    private const int KeySize = 32;
    private const int HashSize = 32;
    private const int HeaderSize = sizeof(ulong) + SampleCipher.StoreIdSize;
    private const int WrappedLimit = 16 << 10;
    private readonly string _folder;
    private readonly string _keyFile;
    private readonly string _createdMark;
    private readonly string _forgetMark;
    private readonly IKeyProtector _protector;
    private readonly IFileSystem _files;

    public SampleFiles(string folder, IKeyProtector protector, IFileSystem files)
    {
        _folder = Path.GetFullPath(folder);
        _protector = protector;
        _files = files;
        Database = Path.Combine(_folder, "samples.db");
        _keyFile = Path.Combine(_folder, "samples.key");
        _createdMark = Path.Combine(_folder, "samples.created");
        _forgetMark = Path.Combine(_folder, "samples.forget");
    }

    public string Database { get; }

    public bool IsForgettingPending => Exists(_forgetMark);

    /// <summary>The cipher of what stands in the folder, or a new one for an empty folder.</summary>
    public SampleCipher OpenCipher()
    {
        _files.CreateFolder(_folder);
        foreach (string file in new[] { _keyFile, _createdMark, _forgetMark })
            DurableFile.Sweep(_files, file);
        if (!Exists(_keyFile))
        {
            if (Exists(_createdMark) || HasDatabase())
                throw new SampleStoreException(SampleStoreFailure.WrongKey, $"The key file '{_keyFile}' of the samples is gone. Restore it, or call SampleStore.Destroy to begin anew; without it the samples cannot be read.") { File = _keyFile };
            WriteKey();
        }

        return ReadKey();
    }

    /// <summary>Whether the database was created before: a missing or empty one is then damage, not a beginning.</summary>
    public bool IsCreated() => Exists(_createdMark);

    public void MarkCreated() => DurableFile.Write(_files, _createdMark, []);

    /// <summary>Destroys the keys, then the files. The database must be closed. After a failure or a crash, calling again ends it.</summary>
    public void Forget()
    {
        _files.CreateFolder(_folder);
        if (!IsForgettingPending)
            DurableFile.Write(_files, _forgetMark, []);
        _protector.Destroy();
        DurableFile.Erase(_files, _keyFile);
        foreach (string file in new[] { Database + "-journal", Database + "-wal", Database + "-shm", Database, _createdMark + DurableFile.TemporaryExtension, _createdMark })
            _files.Delete(file);
        _files.FlushFolder(_folder);
        _files.Delete(_forgetMark);
        _files.FlushFolder(_folder);
    }

    private bool HasDatabase() => new FileInfo(Database) is { Exists: true, Length: > 0 };

    private bool Exists(string path) => _files.ListFiles(_folder).Contains(path);

    private void WriteKey()
    {
        byte[] key = RandomNumberGenerator.GetBytes(KeySize);
        byte[] wrapped = _protector.Protect(key);
        CryptographicOperations.ZeroMemory(key);
        if (wrapped.Length is 0 or > WrappedLimit)
            throw new InvalidOperationException($"The key protector {_protector.GetType().Name} returned {wrapped.Length} bytes; from 1 to {WrappedLimit} are allowed.");
        byte[] bytes = new byte[HeaderSize + wrapped.Length + HashSize];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        RandomNumberGenerator.Fill(bytes.AsSpan(sizeof(ulong), SampleCipher.StoreIdSize));
        wrapped.CopyTo(bytes, HeaderSize);
        SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashSize), bytes.AsSpan(bytes.Length - HashSize));
        DurableFile.Write(_files, _keyFile, bytes);
    }

    // The hash tells damage from a wrong key; the secrecy rests on the protector alone.
    private SampleCipher ReadKey()
    {
        byte[] bytes = _files.Read(_keyFile);
        if (bytes.Length is < HeaderSize + 1 + HashSize or > HeaderSize + WrappedLimit + HashSize
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashSize)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - HashSize)))
        {
            throw new SampleStoreException(SampleStoreFailure.Damaged, $"The key file '{_keyFile}' of the samples is damaged. Restore it, or call SampleStore.Destroy to begin anew.") { File = _keyFile };
        }

        byte[] key;
        try
        {
            key = _protector.Unprotect(bytes.AsSpan(HeaderSize, bytes.Length - HeaderSize - HashSize));
        }
        catch (CryptographicException error)
        {
            throw new SampleStoreException(SampleStoreFailure.WrongKey, $"The key protector cannot unwrap '{_keyFile}': {error.Message} Open the store with the protector that wrapped it, or call SampleStore.Destroy to begin anew.", error) { File = _keyFile };
        }

        try
        {
            if (key.Length != KeySize)
                throw new SampleStoreException(SampleStoreFailure.WrongKey, $"The key protector unwrapped {key.Length} bytes from '{_keyFile}', not {KeySize}.") { File = _keyFile };
            return new(key, bytes[sizeof(ulong)..HeaderSize]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
