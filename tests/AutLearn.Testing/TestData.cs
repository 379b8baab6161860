using Xunit;

namespace AutLearn.Testing;

/// <summary>Finds the real data that some tests need: the folder in AUTLEARN_DATA, or ../shared/data beside the repository.</summary>
public static class TestData
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "AUTLEARN_DATA";

    /// <summary>The repository's root: the nearest folder above the test assembly that holds AutLearn.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The data folder; it need not exist.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
            ? Path.GetFullPath(folder)
            : Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data"));

    /// <summary>Returns the full path of a file or folder of the data, or null where it is absent.</summary>
    public static string? Find(string relativePath)
    {
        string path = Path.Combine(Folder, relativePath);
        return Path.Exists(path) ? path : null;
    }

    /// <summary>Returns the full path of a file or folder of the data and skips the test where it is absent; the test must be a SkippableFact.</summary>
    public static string PathOrSkip(string relativePath)
    {
        string? path = Find(relativePath);
        Skip.If(path is null, $"The test needs '{relativePath}'. Set {Variable} to the folder that holds it (looked in '{Folder}').");
        return path!;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AutLearn.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' holds AutLearn.sln.");
    }
}
