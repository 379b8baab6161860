using System.Security.Cryptography;

namespace AutLearn.Cache.Disk;

/// <summary>AES-256-GCM over a row's label and features; its key and time stay readable, and are authenticated with them.</summary>
/// <remarks>Nonces are random: 2^32 rows under one key keep the chance of a repeat below 2^-32 (NIST SP 800-38D, section 8.3).</remarks>
internal sealed class RowCipher : IDisposable
{
    public const int Overhead = NonceSize + TagSize;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int KeySize = 32;
    private readonly AesGcm _aes;

    private RowCipher(ReadOnlySpan<byte> key) => _aes = new(key, TagSize);

    /// <summary>Makes a cipher and names the store by key and backbone, so that rows of another key are dropped unread.</summary>
    public static RowCipher Create(Func<byte[]> keySource, ReadOnlySpan<byte> backbone, out byte[] identity)
    {
        byte[] key = keySource();
        try
        {
            if (key.Length != KeySize)
                throw new ArgumentException($"{nameof(FeatureStoreOptions.KeySource)} gave {key.Length} bytes, not {KeySize}.", nameof(keySource));
            identity = HMACSHA256.HashData(key, backbone);
            byte[] rows = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeySize, info: "AutLearn feature rows"u8.ToArray());
            var cipher = new RowCipher(rows);
            CryptographicOperations.ZeroMemory(rows);
            return cipher;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Encrypts in place.</summary>
    /// <param name="bound">What stays readable.</param>
    /// <param name="content">Label and features.</param>
    /// <param name="seal">Takes nonce and tag: <see cref="Overhead"/> bytes.</param>
    public void Seal(ReadOnlySpan<byte> bound, Span<byte> content, Span<byte> seal)
    {
        RandomNumberGenerator.Fill(seal[..NonceSize]);
        _aes.Encrypt(seal[..NonceSize], content, content, seal[NonceSize..], bound);
    }

    /// <summary>Decrypts in place; false if a bit is not as it was encrypted.</summary>
    public bool TryOpen(ReadOnlySpan<byte> bound, Span<byte> content, ReadOnlySpan<byte> seal)
    {
        try
        {
            _aes.Decrypt(seal[..NonceSize], content, seal[NonceSize..], content, bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();
}
