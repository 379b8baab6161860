using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using TorchSharp;
using Xunit;

namespace AutLearn.Testing.Torch;

/// <summary>Makes libtorch available as a reference for tests and as a peer in benchmarks, on one thread.</summary>
/// <remarks>Call <see cref="Load"/> or <see cref="SkipIfUnavailable"/> before anything else of TorchSharp. Safe for use by several threads.</remarks>
public static class TorchReference
{
    private const string BridgeName = "libLibTorchSharp.so";

    private static readonly Lazy<Exception?> Failure = new(TryLoad);

    /// <summary>Loads libtorch once per process and limits it to one thread.</summary>
    /// <exception cref="InvalidOperationException">It cannot be loaded here; the message says why.</exception>
    public static void Load()
    {
        if (Failure.Value is { } failure)
            throw new InvalidOperationException(Describe(failure), failure);
    }

    /// <summary>Skips the calling test, saying why, where libtorch cannot be loaded.</summary>
    public static void SkipIfUnavailable() => Skip.If(Failure.Value is not null, Failure.Value is { } failure ? Describe(failure) : null);

    private static string Describe(Exception failure) =>
        $"libtorch cannot be loaded on {RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture}): {failure.GetBaseException().Message}";

    private static Exception? TryLoad()
    {
        try
        {
            RelaxBridge();
            torch.InitializeDeviceType(DeviceType.CPU);
            torch.set_num_threads(1);
            using torch.Tensor probe = torch.ones(2, 3).matmul(torch.ones(3, 2));
            return probe[1, 1].item<float>() == 3f ? null : new InvalidOperationException("a matrix product came out wrong");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e;
        }
    }

    // The bridge library is built with GCC 13; libstdc++ of an older distribution lacks one marker symbol, which nothing calls.
    private static void RelaxBridge()
    {
        if (!OperatingSystem.IsLinux() || LoadedLibraryHasMarker())
            return;
        string native = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", BridgeName);
        foreach (string path in (string[])[native, Path.Combine(AppContext.BaseDirectory, BridgeName)])
        {
            if (File.Exists(path))
                RelaxFile(path);
        }
    }

    private static bool LoadedLibraryHasMarker() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out nint library) && NativeLibrary.TryGetExport(library, ElfSymbolRelaxation.Symbol, out _);

    // A new file takes the old one's place by name: the package cache stays untouched even where the output folder holds
    // a hard link into it, and test processes that start together each see a whole file, patched or not.
    [SupportedOSPlatform("linux")]
    private static void RelaxFile(string path)
    {
        byte[] image = File.ReadAllBytes(path);
        if (!ElfSymbolRelaxation.Relax(image))
            return;
        string temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(temporary, image);
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));

            // The build copies again only what differs in time or size.
            File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(path));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
