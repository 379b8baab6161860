using System.Runtime.InteropServices;

namespace AutLearn.Testing;

/// <summary>Another umask of the process until it is disposed.</summary>
public sealed partial class Umask : IDisposable
{
    private readonly uint _before;

    public Umask(string octal) => _before = Set(Convert.ToUInt32(octal, 8));

    public void Dispose() => _ = Set(_before);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Set(uint mask);
}
