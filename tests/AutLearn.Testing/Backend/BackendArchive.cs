using System.Diagnostics;
using System.Globalization;

namespace AutLearn.Testing.Backend;

/// <summary>ONNX's own backend tests: models, each with inputs and the outputs that the standard expects.</summary>
/// <remarks>The packed file is unpacked once into the temporary folder; it takes 70 MB there.</remarks>
public static class BackendArchive
{
    /// <summary>The packed file, relative to the data folder.</summary>
    public const string RelativePath = "onnx/backend-tests.tar.xz";

    /// <summary>Unpacks the file where that has not happened yet.</summary>
    /// <param name="archive">The packed file.</param>
    /// <returns>The file of each model, sorted by name.</returns>
    /// <exception cref="IOException">The file cannot be unpacked; <c>tar</c> and <c>xz</c> are needed.</exception>
    public static IReadOnlyList<string> Unpack(string archive)
    {
        var file = new FileInfo(archive);
        string stamp = string.Create(CultureInfo.InvariantCulture, $"autlearn-backend-{file.Length}-{file.LastWriteTimeUtc.Ticks}");
        string folder = Path.Combine(Path.GetTempPath(), stamp);
        if (!Directory.Exists(folder))
        {
            string partial = Directory.CreateTempSubdirectory("autlearn-backend-").FullName;
            Extract(archive, partial);
            try
            {
                Directory.Move(partial, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another process was faster.
                Directory.Delete(partial, recursive: true);
            }
        }

        return [.. Directory.EnumerateFiles(folder, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }

    private static void Extract(string archive, string folder)
    {
        using Process process = Process.Start(new ProcessStartInfo("tar", ["-xJf", archive, "-C", folder]) { RedirectStandardError = true })
            ?? throw new IOException("The program 'tar' did not start.");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"'{archive}' cannot be unpacked: {error}");
    }
}
