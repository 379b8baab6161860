using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Names what features depend on.</summary>
internal static class FeatureKeys
{
    /// <summary>The backbone and the preprocessing: where either changes, no feature computed before is of use.</summary>
    public static string Of(ArtifactManifest manifest) => manifest.Preprocessing is { } preprocessing
        ? $"{manifest.BackboneSha256} {preprocessing.Key}"
        : manifest.BackboneSha256;
}
