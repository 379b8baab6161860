using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Names what features depend on.</summary>
internal static class FeatureKeys
{
    /// <summary>The backbone and the preprocessing: where either changes, no feature computed before is of use.</summary>
    public static string Of(ArtifactManifest manifest) => manifest.Preprocessing is { } p
        ? string.Create(CultureInfo.InvariantCulture, $"{manifest.BackboneSha256} {p.Width}x{p.Height}x{p.Channels} {p.Mean:R} {p.Std:R} {p.CropFraction:R}")
        : manifest.BackboneSha256;
}
