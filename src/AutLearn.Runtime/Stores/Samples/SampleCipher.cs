using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>AES-256-GCM over the parts of a store; each is bound to its store, its kind and its row, so that none can stand for another.</summary>
/// <remarks>Nonces are random: 2^32 messages under one key keep the chance of a repeat below 2^-32 (NIST SP 800-38D, section 8.3).</remarks>
internal sealed class SampleCipher : IDisposable
{
    public const int TagSize = 16;
    public const int Overhead = NonceSize + TagSize;
    public const int StoreIdSize = 16;
    private const int NonceSize = 12;
    private readonly AesGcm _aes;
    private readonly byte[] _storeId;

    public SampleCipher(ReadOnlySpan<byte> key, byte[] storeId)
    {
        _aes = new(key, TagSize);
        _storeId = storeId;
    }

    public ReadOnlySpan<byte> StoreId => _storeId;

    public static UInt128 TagOf(ReadOnlySpan<byte> cipher) => BinaryPrimitives.ReadUInt128LittleEndian(cipher[^TagSize..]);

    /// <summary>Nonce, ciphertext and tag.</summary>
    public byte[] Encrypt(SamplePart part, long id, ReadOnlySpan<byte> plain)
    {
        byte[] cipher = new byte[Overhead + plain.Length];
        Span<byte> nonce = cipher.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> bound = stackalloc byte[StoreIdSize + 1 + sizeof(long)];
        Bind(bound, part, id);
        _aes.Encrypt(nonce, plain, cipher.AsSpan(NonceSize, plain.Length), cipher.AsSpan(NonceSize + plain.Length), bound);
        return cipher;
    }

    /// <summary>The plain bytes, or null if a bit is not as it was encrypted.</summary>
    public byte[]? Decrypt(SamplePart part, long id, ReadOnlySpan<byte> cipher)
    {
        if (cipher.Length < Overhead)
            return null;
        byte[] plain = new byte[cipher.Length - Overhead];
        Span<byte> bound = stackalloc byte[StoreIdSize + 1 + sizeof(long)];
        Bind(bound, part, id);
        try
        {
            _aes.Decrypt(cipher[..NonceSize], cipher.Slice(NonceSize, plain.Length), cipher[(NonceSize + plain.Length)..], plain, bound);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => _aes.Dispose();

    private void Bind(Span<byte> bound, SamplePart part, long id)
    {
        _storeId.CopyTo(bound);
        bound[StoreIdSize] = (byte)part;
        BinaryPrimitives.WriteInt64LittleEndian(bound[(StoreIdSize + 1)..], id);
    }
}
