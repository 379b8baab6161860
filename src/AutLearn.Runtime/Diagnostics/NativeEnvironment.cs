using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Diagnostics;

/// <summary>The environment that native libraries read. On Unix, .NET's own functions see and change a copy of it.</summary>
internal static partial class NativeEnvironment
{
    public static string? Get(string name)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsBrowser() || OperatingSystem.IsWasi())
            return Environment.GetEnvironmentVariable(name);
        return Marshal.PtrToStringUTF8(IsApple ? AppleGet(name) : UnixGet(name));
    }

    /// <exception cref="InvalidOperationException">The system refuses the variable.</exception>
    public static void Set(string name, string value)
    {
        // For native code to come on Windows, whose function .NET calls; on Unix for processes to be started.
        Environment.SetEnvironmentVariable(name, value);
        if (OperatingSystem.IsWindows() || OperatingSystem.IsBrowser() || OperatingSystem.IsWasi())
            return;
        if ((IsApple ? AppleSet(name, value, overwrite: 1) : UnixSet(name, value, overwrite: 1)) != 0)
            throw new InvalidOperationException($"The environment variable '{name}' cannot be set (error {Marshal.GetLastPInvokeError()}). Set it to '{value}' before the process starts.");
    }

    private static bool IsApple => OperatingSystem.IsMacOS() || OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsMacCatalyst();

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint UnixGet(string name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int UnixSet(string name, string value, int overwrite);

    [LibraryImport("libSystem", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint AppleGet(string name);

    [LibraryImport("libSystem", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int AppleSet(string name, string value, int overwrite);
}
