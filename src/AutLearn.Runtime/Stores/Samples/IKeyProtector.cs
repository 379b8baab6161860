using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Wraps a profile's data key with a key that the device keeps: DPAPI, a key file, or what the app supplies (Android Keystore, iOS Keychain).</summary>
/// <remarks>One protector serves one profile, because <see cref="Destroy"/> ends all that it wrapped. Calls come one at a time.</remarks>
public interface IKeyProtector
{
    /// <summary>Wraps a key, creating the wrapping key if there is none.</summary>
    /// <param name="key">32 bytes; not to be kept.</param>
    /// <returns>At most 16 KiB, authenticated: a changed byte must be noticed by <see cref="Unprotect"/>.</returns>
    byte[] Protect(ReadOnlySpan<byte> key);

    /// <summary>Unwraps a key. Never creates a wrapping key.</summary>
    /// <param name="protectedKey">What <see cref="Protect"/> returned.</param>
    /// <returns>The key; the caller clears it.</returns>
    /// <exception cref="KeyProtectorException">It was wrapped with another key, or the wrapping key is missing, locked, damaged, or not to be read.</exception>
    /// <exception cref="CryptographicException">Any other failure.</exception>
    byte[] Unprotect(ReadOnlySpan<byte> protectedKey);

    /// <summary>Destroys the wrapping key where the platform can; does nothing if there is none.</summary>
    /// <remarks>The store destroys the wrapped key itself. A protector whose wrapping key belongs to the user's account leaves it alone.</remarks>
    void Destroy();
}
