using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>A key store that refuses.</summary>
internal sealed class FailingProtector(Exception error) : IKeyProtector
{
    public byte[] Protect(ReadOnlySpan<byte> key) => throw error;

    public byte[] Unprotect(ReadOnlySpan<byte> protectedKey) => throw error;

    public void Destroy()
    {
    }
}
