namespace AutLearn.Cloud.Data;

/// <summary>Finds the optional folder of real data.</summary>
internal static class DataFolder
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "AUTLEARN_DATA";

    private static readonly string Relative = Path.Combine("shared", "data");

    /// <summary>Finds the folder: the one that <c>AUTLEARN_DATA</c> names, or else <c>shared/data</c> in the current folder or one above it.</summary>
    /// <returns>The full path; null where there is none.</returns>
    public static string? Find()
    {
        if (Named is { } named)
            return Directory.Exists(named) ? Path.GetFullPath(named) : null;
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, Relative);
            if (Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }

    /// <summary>Finds the folder, or says where it was looked for.</summary>
    /// <param name="need">What needs it.</param>
    /// <exception cref="DataFileException">There is none.</exception>
    public static string Require(string need) => Find() ?? throw (Named is { } named
        ? new DataFileException(named, $"the folder does not exist. {need} needs the folder of real data, and {Variable} names this one.")
        : new DataFileException(Relative, $"neither '{Directory.GetCurrentDirectory()}' nor a folder above it holds it. {need} needs the folder of real data: set {Variable} to it."));

    private static string? Named => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : null;
}
