using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>Finds out how many classes artifacts tell apart.</summary>
internal static class ClassCount
{
    /// <summary>Gets the last dimension of the scores; null where it is symbolic.</summary>
    public static int? Of(ArtifactManifest manifest) =>
        !manifest.Logits.Shape.IsEmpty && int.TryParse(manifest.Logits.Shape[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : null;
}
