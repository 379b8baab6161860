using System.Runtime.InteropServices;

namespace AutLearn.Testing;

/// <summary>Second names of files: what stands in a file's blocks can be read after its first name is gone.</summary>
public static partial class HardLink
{
    public static void Create(string link, string target)
    {
        bool isDone = OperatingSystem.IsWindows() ? CreateOnWindows(link, target, 0) : Link(target, link) == 0;
        if (!isDone)
            throw new IOException($"'{link}' cannot be linked to '{target}' (error {Marshal.GetLastPInvokeError()}).");
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string target, string link);

    [LibraryImport("kernel32.dll", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateOnWindows(string link, string target, nint security);
}
