using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Diagnostics;

/// <summary>The native libraries that this process has loaded, whoever loaded them.</summary>
internal static partial class NativeLibraries
{
    private const string Mappings = "/proc/self/maps";

    /// <summary>Tells whether a library is loaded.</summary>
    /// <param name="name">Without what platforms put around it, such as <c>lib</c> and <c>.so</c>.</param>
    /// <returns><see langword="false"/> also where the platform does not tell, and for libraries that are linked into the app.</returns>
    public static bool IsLoaded(string name)
    {
        if (OperatingSystem.IsWindows())
            return WindowsModule($"{name}.dll") != 0;
        if (OperatingSystem.IsMacOS())
            return AppleImages().Any(p => IsFileOf(name, p));
        return File.Exists(Mappings) && File.ReadLines(Mappings).Any(l => l.IndexOf('/') is var path and >= 0 && IsFileOf(name, l[path..]));
    }

    /// <summary>Tells whether a path is that of a library, of any version: <c>libname.so.1.2</c>, <c>libname.1.2.dylib</c>.</summary>
    internal static bool IsFileOf(string name, string path)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        return file.StartsWith($"lib{name}.", StringComparison.Ordinal) && (file.Contains(".so", StringComparison.Ordinal) || file.Contains(".dylib", StringComparison.Ordinal));
    }

    private static IEnumerable<string> AppleImages()
    {
        uint count = AppleImageCount();
        for (uint i = 0; i < count; i++)
            yield return Marshal.PtrToStringUTF8(AppleImageName(i)) ?? "";
    }

    [LibraryImport("kernel32", EntryPoint = "GetModuleHandleW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint WindowsModule(string name);

    [LibraryImport("libSystem", EntryPoint = "_dyld_image_count")]
    private static partial uint AppleImageCount();

    [LibraryImport("libSystem", EntryPoint = "_dyld_get_image_name")]
    private static partial nint AppleImageName(uint index);
}
