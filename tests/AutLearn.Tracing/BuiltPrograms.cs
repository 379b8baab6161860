namespace AutLearn.Tracing;

/// <summary>The programs of this repository, in the configuration of the calling program.</summary>
public static class BuiltPrograms
{
    /// <summary>Gets the tool <c>autlearn</c>.</summary>
    public static string Tool => Find("src", "AutLearn.Cloud", "AutLearn.Cloud");

    /// <summary>Gets the keyboard.</summary>
    public static string Keyboard => Find("samples", "Keyboard", "AutLearn.Samples.Keyboard");

    /// <summary>Gets the gallery.</summary>
    public static string Gallery => Find("samples", "Gallery", "AutLearn.Samples.Gallery");

    /// <summary>Gets the app that lives one day on the device.</summary>
    public static string Day => Find("tests", "AutLearn.DeviceDay", "AutLearn.DeviceDay");

    private static string Find(string area, string project, string assembly)
    {
        // .../bin/Release/net10.0
        DirectoryInfo output = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string configuration = output.Parent!.Name;
        for (DirectoryInfo? folder = output; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AutLearn.sln")))
                return Existing(Path.Combine(folder.FullName, area, project, "bin", configuration, output.Name, assembly + ".dll"));
        }

        throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' holds AutLearn.sln.");
    }

    private static string Existing(string path) =>
        File.Exists(path) ? path : throw new InvalidOperationException($"'{path}' is not built.");
}
