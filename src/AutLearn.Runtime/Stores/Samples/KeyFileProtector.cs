using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Wraps keys by AES-256-GCM with a key in a file that only its owner can read (mode 0600).</summary>
/// <remarks>It guards against other accounts and against copies of the store without this file; not against who reads the owner's files. Keep it out of backups.</remarks>
public sealed class KeyFileProtector : IKeyProtector
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _path;

    /// <summary>Creates a protector. Touches no file.</summary>
    /// <param name="path">The key file, of one profile alone; created when the first key is wrapped.</param>
    public KeyFileProtector(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The key file cannot be written.</exception>
    /// <exception cref="KeyProtectorException">The key file is damaged, or its permissions are wrong.</exception>
    public byte[] Protect(ReadOnlySpan<byte> key)
    {
        if (!DeviceFileSystem.Instance.Exists(_path))
            CreateFile();
        byte[] wrapped = new byte[NonceSize + key.Length + TagSize];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceSize));
        byte[] wrapping = ReadFile();
        try
        {
            using var aes = new AesGcm(wrapping, TagSize);
            aes.Encrypt(wrapped.AsSpan(0, NonceSize), key, wrapped.AsSpan(NonceSize, key.Length), wrapped.AsSpan(NonceSize + key.Length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }

        return wrapped;
    }

    /// <inheritdoc/>
    public byte[] Unprotect(ReadOnlySpan<byte> protectedKey)
    {
        if (protectedKey.Length < NonceSize + TagSize)
            throw new CryptographicException("The wrapped key is too short.");
        byte[] key = new byte[protectedKey.Length - NonceSize - TagSize];
        byte[] wrapping = ReadFile();
        try
        {
            using var aes = new AesGcm(wrapping, TagSize);
            aes.Decrypt(protectedKey[..NonceSize], protectedKey.Slice(NonceSize, key.Length), protectedKey[(NonceSize + key.Length)..], key);
        }
        catch (AuthenticationTagMismatchException error)
        {
            throw new KeyProtectorException(KeyProtectorFailure.OtherKey, $"The key file '{_path}' is another one than the key was wrapped with, such as another profile's. Put the right one in its place.", error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }

        return key;
    }

    /// <inheritdoc/>
    public void Destroy() => PersonalFile.Erase(_path);

    // Complete under another name first: a crash never leaves half a key under the right one, and of two processes one is first.
    private void CreateFile()
    {
        DeviceFileSystem.Instance.CreateFolder(Path.GetDirectoryName(_path)!);
        PersonalFile.Sweep(_path);
        byte[] key = RandomNumberGenerator.GetBytes(KeySize);
        _ = PersonalFile.TryCreate(_path, key);
        CryptographicOperations.ZeroMemory(key);
    }

    private byte[] ReadFile()
    {
        byte[] key;
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_path) & ~OwnerOnly) != 0)
                throw new KeyProtectorException(KeyProtectorFailure.AccessDenied, $"The key file '{_path}' is open to other accounts. Set its mode to 0600.");
            key = DeviceFileSystem.Instance.Read(_path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyProtectorException(KeyProtectorFailure.Missing, $"The key file '{_path}' is missing. Put it back where it was.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new KeyProtectorException(KeyProtectorFailure.AccessDenied, $"This account may not read the key file '{_path}'. Give it the file, with mode 0600.", error);
        }

        if (key.Length == KeySize)
            return key;
        CryptographicOperations.ZeroMemory(key);
        throw new KeyProtectorException(KeyProtectorFailure.Damaged, $"The key file '{_path}' has {key.Length} bytes where a key has {KeySize}. Put the right file in its place.");
    }
}
