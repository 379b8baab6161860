using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Wraps keys with the Windows data protection interface, for the current account.</summary>
/// <remarks>The wrapping key belongs to the account and survives <see cref="Destroy"/>; the store destroys the wrapped key.</remarks>
[SupportedOSPlatform("windows")]
public sealed unsafe partial class DpapiKeyProtector : IKeyProtector
{
    private const uint NoPrompt = 1;
    private const int InvalidData = 13;
    private const int BadData = unchecked((int)0x8009_0005);

    /// <inheritdoc/>
    public byte[] Protect(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            var input = new Blob { Size = (uint)key.Length, Start = start };
            Blob output = default;
            if (ProtectData(&input, null, null, null, null, NoPrompt, &output) == 0)
                throw new CryptographicException($"Windows cannot protect the key (error {Marshal.GetLastPInvokeError()}).");
            return Take(output);
        }
    }

    /// <inheritdoc/>
    public byte[] Unprotect(ReadOnlySpan<byte> protectedKey)
    {
        fixed (byte* start = protectedKey)
        {
            var input = new Blob { Size = (uint)protectedKey.Length, Start = start };
            Blob output = default;
            if (UnprotectData(&input, null, null, null, null, NoPrompt, &output) == 0)
                throw Failed(Marshal.GetLastPInvokeError());
            return Take(output);
        }
    }

    /// <inheritdoc/>
    public void Destroy()
    {
    }

    // With a wrong key the data only look wrong; all else is about the account's own keys, which are not there before it has signed in.
    private static KeyProtectorException Failed(int error) => error is InvalidData or BadData
        ? new(KeyProtectorFailure.OtherKey, $"Windows cannot unprotect the key (error {error}): it was protected by another account. Sign in with that account.")
        : new(KeyProtectorFailure.Locked, $"Windows cannot unprotect the key now (error {error}). Sign in with the password and try again.");

    private static byte[] Take(Blob blob)
    {
        var bytes = new Span<byte>(blob.Start, checked((int)blob.Size));
        byte[] copy = bytes.ToArray();
        CryptographicOperations.ZeroMemory(bytes);
        _ = LocalFree((nint)blob.Start);
        return copy;
    }

    [LibraryImport("crypt32.dll", EntryPoint = "CryptProtectData", SetLastError = true)]
    private static partial int ProtectData(Blob* input, char* description, Blob* entropy, void* reserved, void* prompt, uint flags, Blob* output);

    [LibraryImport("crypt32.dll", EntryPoint = "CryptUnprotectData", SetLastError = true)]
    private static partial int UnprotectData(Blob* input, char** description, Blob* entropy, void* reserved, void* prompt, uint flags, Blob* output);

    [LibraryImport("kernel32.dll")]
    private static partial nint LocalFree(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct Blob
    {
        public uint Size;
        public byte* Start;
    }
}
