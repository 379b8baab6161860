namespace AutLearn.Cloud.Data;

/// <summary>Compares names of classes as people see them.</summary>
internal static class ClassKey
{
    /// <summary>Gets what two names share that nobody can tell apart on a screen.</summary>
    /// <remarks>Surrounding blanks go; letters and their accents are one character, as macOS writes them apart.</remarks>
    public static string Of(string name) => Text.Unicode.CanonicalComposition.Compose(name.Trim());

    /// <summary>Tells whether two names differ in nothing but the case of their letters.</summary>
    public static bool DifferInCaseAlone(string first, string second) => string.Equals(Of(first), Of(second), StringComparison.OrdinalIgnoreCase);
}
