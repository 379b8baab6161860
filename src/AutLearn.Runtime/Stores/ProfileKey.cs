using System.Security.Cryptography;
using System.Text;
using AutLearn.Cache.Disk;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Runtime.Stores;

/// <summary>The key of one person's profile: seals states, generations, checkpoints and features, and wraps the key of the sample store.</summary>
/// <remarks>
/// <para>One random key lies in a file, wrapped by an <see cref="IKeyProtector"/>; each purpose has a key of its own, derived by HKDF-SHA256
/// (RFC 5869). As an <see cref="IKeyProtector"/> it stands before the device's: a <see cref="SampleStore"/> that is opened with it and forgets
/// everything destroys this key too, and with it all that was learned from the samples.</para>
/// <para>Safe for use by several threads and processes.</para>
/// </remarks>
public sealed class ProfileKey : IKeyProtector, IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly IKeyProtector _protector;
    private byte[]? _key;
    private bool _isDisposed;

    /// <summary>Gets the empty file beside the key that says it was made: without it, a lost key would look like a beginning.</summary>
    private string MarkPath => _path + ".made";

    private ProfileKey(string path, IKeyProtector protector)
    {
        _path = path;
        _protector = protector;
    }

    /// <summary>Opens the key of a profile. One that is not there is made when it is first needed.</summary>
    /// <param name="path">The file of the wrapped key, in a folder of the app alone. Without it, what it sealed cannot be read.</param>
    /// <param name="protector">Wraps the key; of this profile alone; stays the caller's. See <see cref="DeviceKeyProtector.Create"/>.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="ProfileKeyException">The file is damaged, or the protector cannot unwrap it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is closed to this account.</exception>
    public static ProfileKey Open(string path, IKeyProtector protector)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(protector);
        var key = new ProfileKey(Path.GetFullPath(path), protector);
        PersonalFile.Sweep(key._path);
        if (File.Exists(key._path))
        {
            PrivateFiles.Protect(key._path);
            PrivateFiles.Protect(key.MarkPath);
            key._key = WrappedKeyFile.Read(key._path, protector);
        }

        return key;
    }

    /// <summary>Derives a key for one purpose.</summary>
    /// <param name="purpose">A name; another name gives an unrelated key.</param>
    /// <returns>32 bytes, the same after each start until <see cref="Destroy"/>; the caller clears them.</returns>
    /// <exception cref="ProfileKeyException">The file of the key was there and is missing, a new key cannot be wrapped, or another process made one that cannot be unwrapped.</exception>
    /// <exception cref="IOException">The file of a new key cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The key is disposed.</exception>
    public byte[] DeriveKey(string purpose)
    {
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);

            // A folder that was deleted while the app runs is made again with the key that the app goes on with.
            CheckNotLost();
            if (_key is null || !File.Exists(_path))
            {
                _key = WrappedKeyFile.Create(_path, _protector, _key ?? RandomNumberGenerator.GetBytes(WrappedKeyFile.KeySize));
                Mark();
            }

            return HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, WrappedKeyFile.KeySize, info: Encoding.UTF8.GetBytes("AutLearn " + purpose));
        }
    }

    /// <inheritdoc/>
    public byte[] Protect(ReadOnlySpan<byte> key) => _protector.Protect(key);

    /// <inheritdoc/>
    public byte[] Unprotect(ReadOnlySpan<byte> protectedKey) => _protector.Unprotect(protectedKey);

    /// <summary>Destroys the key and the device's wrapping key: what was sealed is unreadable for ever, copies and old blocks of the disk included. A new key is made when one is next needed.</summary>
    /// <exception cref="IOException">A file cannot be overwritten or deleted; call again.</exception>
    public void Destroy()
    {
        lock (_lock)
        {
            Renew();
            _protector.Destroy();
        }
    }

    /// <summary>Clears the key from memory. Idempotent.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            CryptographicOperations.ZeroMemory(_key);
            _key = null;
            _isDisposed = true;
        }
    }

    /// <summary>Destroys the key alone; the device's wrapping key may wrap others.</summary>
    internal void Renew()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Unmark();
            PersonalFile.Erase(_path);
            CryptographicOperations.ZeroMemory(_key);
            _key = null;
        }
    }

    internal byte[] Seal(ReadOnlySpan<byte> content, string purpose)
    {
        byte[] key = DeriveKey(purpose);
        Mark();
        try
        {
            return SealedContent.Seal(content, key, purpose);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <exception cref="InvalidArtifactException">The bytes are damaged, of another purpose, or sealed with another key.</exception>
    /// <exception cref="ProfileKeyException">The profile's key is missing.</exception>
    internal ReadOnlyMemory<byte> Unseal(byte[] bytes, string purpose, string path)
    {
        // A new key would open nothing.
        lock (_lock)
        {
            CheckNotLost();
            if (_key is null && !File.Exists(_path))
                throw new InvalidArtifactException($"The file '{path}' is sealed with another key than this profile's, which has none: '{_path}' was destroyed, or never made.") { File = path };
        }

        byte[] key = DeriveKey(purpose);
        try
        {
            return SealedContent.Unseal(bytes, key, purpose, path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    // After the key itself, so that a kill leaves no mark of a key that never was; before it when it is destroyed.
    private void Mark()
    {
        if (File.Exists(MarkPath))
            return;
        PrivateFiles.Open(MarkPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(MarkPath)!);
    }

    private void Unmark()
    {
        if (!File.Exists(MarkPath))
            return;
        File.Delete(MarkPath);
        DeviceFileSystem.Instance.FlushFolder(Path.GetDirectoryName(MarkPath)!);
    }

    private void CheckNotLost()
    {
        if (_key is null && File.Exists(MarkPath) && !File.Exists(_path))
            throw new ProfileKeyException($"The key file '{_path}' of the profile is missing; what it sealed is all there, but cannot be read without it. Put it back from a copy; if there is none, delete '{MarkPath}' to begin anew without what it sealed.") { File = _path, Reason = KeyProtectorFailure.Missing };
    }
}
