using System.Buffers.Binary;
using System.Security.Cryptography;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Runtime.Stores;

/// <summary>A file with one wrapped key: a magic number, what the protector returned, and a SHA-256.</summary>
internal static class WrappedKeyFile
{
    public const int KeySize = 32;
    private const ulong Magic = 0x3130_4B50_4C54_5541; // "AUTLPK01"
    private const int WrappedLimit = 16 << 10;

    /// <summary>Writes a key wrapped; where another process was faster, its key is the result.</summary>
    public static byte[] Create(string path, IKeyProtector protector, byte[] key)
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
        byte[] wrapped = Ask(path, () => protector.Protect(key));
        if (wrapped.Length is 0 or > WrappedLimit)
            throw new InvalidOperationException($"The key protector {protector.GetType().Name} returned {wrapped.Length} bytes; from 1 to {WrappedLimit} are allowed.");
        byte[] bytes = new byte[sizeof(ulong) + wrapped.Length + SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        wrapped.CopyTo(bytes, sizeof(ulong));
        SHA256.HashData(bytes.AsSpan(..^SHA256.HashSizeInBytes), bytes.AsSpan(^SHA256.HashSizeInBytes..));
        if (PersonalFile.TryCreate(path, bytes))
            return key;
        CryptographicOperations.ZeroMemory(key);
        return Read(path, protector);
    }

    /// <summary>Reads and unwraps a key.</summary>
    /// <exception cref="ProfileKeyException">The file is damaged, or the protector cannot unwrap it.</exception>
    public static byte[] Read(string path, IKeyProtector protector)
    {
        byte[] bytes = DeviceFileSystem.Instance.Read(path);
        if (bytes.Length is < sizeof(ulong) + 1 + SHA256.HashSizeInBytes or > sizeof(ulong) + WrappedLimit + SHA256.HashSizeInBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || !SHA256.HashData(bytes.AsSpan(..^SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(^SHA256.HashSizeInBytes..)))
        {
            throw new ProfileKeyException($"The key file '{path}' of the profile is damaged. Restore it from a copy; if there is none, delete it, and its '.made', to begin anew without what it sealed.") { File = path };
        }

        byte[] key = Ask(path, () => protector.Unprotect(bytes.AsSpan(sizeof(ulong)..^SHA256.HashSizeInBytes)));
        return key.Length == KeySize
            ? key
            : throw new ProfileKeyException($"The key protector unwrapped {key.Length} bytes from '{path}', not {KeySize}. Open it with the protector that wrapped it.") { File = path, Reason = KeyProtectorFailure.OtherKey };
    }

    // Nothing is lost while the wrapping key exists somewhere, so that nobody is told to delete the file.
    private static byte[] Ask(string path, Func<byte[]> protector)
    {
        try
        {
            return protector();
        }
        catch (Exception error) when (error is CryptographicException or UnauthorizedAccessException)
        {
            KeyProtectorFailure reason = error switch
            {
                KeyProtectorException known => known.Reason,
                UnauthorizedAccessException => KeyProtectorFailure.AccessDenied,
                _ => KeyProtectorFailure.OtherKey,
            };
            throw new ProfileKeyException($"The key protector cannot wrap or unwrap '{path}', but what it sealed is all there. {error.Message} Open it with the protector that wrapped it.", error) { File = path, Reason = reason };
        }
    }
}
