using System.Buffers.Binary;
using System.Security.Cryptography;
using AutLearn.Cache.Disk;

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
        Reserve = new(Path.Combine(_folder, "samples.reserve"));
        _keyFile = Path.Combine(_folder, "samples.key");
        _createdMark = Path.Combine(_folder, "samples.created");
        _forgetMark = Path.Combine(_folder, "samples.forget");
    }

    public string Database { get; }

    /// <summary>Gets the room that is kept for removals.</summary>
    public SampleReserve Reserve { get; }

    public bool IsForgettingPending => Exists(_forgetMark);

    /// <summary>Locks the folder, creating it where it is absent. Comes before all else: two stores that create their keys at once would each lose the other's samples.</summary>
    public IDisposable Lock()
    {
        _files.CreateFolder(_folder);
        try
        {
            return _files.Lock(_folder);
        }
        catch (FolderInUseException error)
        {
            throw SqliteFaults.InUse(_folder, error);
        }
    }

    /// <summary>The cipher of what stands in the folder, or a new one for an empty folder.</summary>
    public SampleCipher OpenCipher()
    {
        foreach (string file in new[] { _keyFile, _createdMark, _forgetMark })
            DurableFile.Sweep(_files, file);
        if (!Exists(_keyFile))
        {
            if (Exists(_createdMark) || HasDatabase())
                throw Failed(SampleStoreFailure.KeyMissing, $"The key '{_keyFile}' of the samples is missing; they are all there, but cannot be read without it. Put it back from a copy of the folder.");
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
        Reserve.Release();
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
        byte[] wrapped = Ask(() => _protector.Protect(key));
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
        byte[] bytes;
        try
        {
            bytes = _files.Read(_keyFile);
        }
        catch (UnauthorizedAccessException error)
        {
            throw Failed(SampleStoreFailure.KeyAccessDenied, $"This account may not read the key '{_keyFile}' of the samples. Give it the file, with mode 0600.", error);
        }

        if (bytes.Length is < HeaderSize + 1 + HashSize or > HeaderSize + WrappedLimit + HashSize
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashSize)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - HashSize)))
        {
            throw new SampleStoreException(SampleStoreFailure.Damaged, $"The key file '{_keyFile}' of the samples is damaged. Restore it, or call SampleStore.Destroy to begin anew.") { File = _keyFile };
        }

        byte[] key = Ask(() => _protector.Unprotect(bytes.AsSpan(HeaderSize, bytes.Length - HeaderSize - HashSize)));
        try
        {
            if (key.Length != KeySize)
                throw Failed(SampleStoreFailure.WrongKey, $"The key protector unwrapped {key.Length} bytes from '{_keyFile}', not {KeySize}. Open the store with the protector that wrapped it.");
            return new(key, bytes[sizeof(ulong)..HeaderSize]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    // Nothing is lost while the wrapping key exists somewhere, so that none of these may lead a person to destroy the samples.
    private byte[] Ask(Func<byte[]> protector)
    {
        try
        {
            return protector();
        }
        catch (KeyProtectorException error)
        {
            SampleStoreFailure reason = error.Reason switch
            {
                KeyProtectorFailure.Missing => SampleStoreFailure.KeyMissing,
                KeyProtectorFailure.AccessDenied => SampleStoreFailure.KeyAccessDenied,
                KeyProtectorFailure.Locked => SampleStoreFailure.KeyLocked,
                KeyProtectorFailure.Damaged => SampleStoreFailure.KeyDamaged,
                _ => SampleStoreFailure.WrongKey,
            };
            throw Failed(reason, $"The key of the samples in '{_folder}' cannot be unwrapped, but they are all there. {error.Message}", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw Failed(SampleStoreFailure.KeyAccessDenied, $"The key protector may not read its key, but the samples in '{_folder}' are all there. Correct the permissions: {error.Message}", error);
        }
        catch (CryptographicException error)
        {
            throw Failed(SampleStoreFailure.WrongKey, $"The key protector {_protector.GetType().Name} cannot unwrap '{_keyFile}': {error.Message} Open the store with the protector that wrapped it.", error);
        }
    }

    private SampleStoreException Failed(SampleStoreFailure reason, string message, Exception? cause = null) => new(reason, message, cause) { File = _keyFile };
}
