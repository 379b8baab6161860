using System.Security.Cryptography;
using System.Text;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Stores;

/// <summary>A file's whole content under AES-256-GCM: magic, key check, nonce, tag, then the ciphertext.</summary>
/// <remarks>
/// The purpose, such as <c>generation/12</c>, is authenticated too, so that no file can stand for another. Content is sealed in one message,
/// as stores write and read it whole anyway: a flipped bit, a missing end or moved parts fail as one. Nonces are random: 2^32 messages of one
/// key and purpose keep the chance of a repeat below 2^-32 (NIST SP 800-38D, section 8.3).
/// </remarks>
internal static class SealedContent
{
    public const int Overhead = MagicSize + CheckSize + NonceSize + TagSize;
    private const int MagicSize = 8;
    private const int CheckSize = 16;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private static ReadOnlySpan<byte> Magic => "AUTLSF01"u8;

    /// <summary>Whether the bytes begin like sealed content of any version; no other file of the library does.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic[..6]);

    public static byte[] Seal(ReadOnlySpan<byte> content, byte[] key, string purpose)
    {
        byte[] bytes = new byte[checked(Overhead + content.Length)];
        Magic.CopyTo(bytes);
        Check(key, bytes.AsSpan(MagicSize, CheckSize));
        RandomNumberGenerator.Fill(bytes.AsSpan(MagicSize + CheckSize, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(Nonce(bytes), content, bytes.AsSpan(Overhead), Tag(bytes), Bound(bytes, purpose));
        return bytes;
    }

    /// <summary>Decrypts in place.</summary>
    /// <returns>The content, a part of <paramref name="bytes"/>.</returns>
    /// <exception cref="InvalidArtifactException">The bytes are damaged, of another purpose, or sealed with another key.</exception>
    public static ReadOnlyMemory<byte> Unseal(byte[] bytes, byte[] key, string purpose, string path)
    {
        if (!IsSealed(bytes) || bytes.Length < Overhead)
            throw Refused(path, "it is cut short");
        if (!bytes.AsSpan().StartsWith(Magic))
            throw Refused(path, "a newer version of AutLearn sealed it, or it is damaged");
        Span<byte> check = stackalloc byte[CheckSize];
        Check(key, check);
        if (!CryptographicOperations.FixedTimeEquals(check, bytes.AsSpan(MagicSize, CheckSize)))
            throw Refused(path, "it was sealed with another key or for another purpose, or it is damaged");
        using var aes = new AesGcm(key, TagSize);
        try
        {
            aes.Decrypt(Nonce(bytes), bytes.AsSpan(Overhead), Tag(bytes), bytes.AsSpan(Overhead), Bound(bytes, purpose));
        }
        catch (AuthenticationTagMismatchException error)
        {
            throw Refused(path, "it is damaged", error);
        }

        return bytes.AsMemory(Overhead);
    }

    private static Span<byte> Nonce(byte[] bytes) => bytes.AsSpan(MagicSize + CheckSize, NonceSize);

    private static Span<byte> Tag(byte[] bytes) => bytes.AsSpan(MagicSize + CheckSize + NonceSize, TagSize);

    private static byte[] Bound(byte[] bytes, string purpose) => [.. bytes.AsSpan(0, MagicSize + CheckSize), .. Encoding.UTF8.GetBytes(purpose)];

    // Tells a wrong key from damage without showing anything of the key.
    private static void Check(byte[] key, Span<byte> check)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, "AutLearn key check"u8, mac);
        mac[..CheckSize].CopyTo(check);
    }

    private static InvalidArtifactException Refused(string path, string what, Exception? inner = null) =>
        new($"The sealed file '{path}' cannot be opened: {what}. Use the key of its profile, or restore the file from a copy.", inner) { File = path };
}
