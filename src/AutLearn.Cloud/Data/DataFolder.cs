namespace AutLearn.Cloud.Data;

/// <summary>Finds the optional folder of real data.</summary>
internal static class DataFolder
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "AUTLEARN_DATA";

    /// <summary>Finds the folder: the one that <c>AUTLEARN_DATA</c> names, or <c>../shared/data</c> beside the current folder or one above it.</summary>
    /// <returns>The full path; null where there is none.</returns>
    public static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
            return Directory.Exists(named) ? Path.GetFullPath(named) : null;
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }
}
