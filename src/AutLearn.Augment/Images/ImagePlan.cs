using System.Collections.Immutable;
using System.Text.Json;

namespace AutLearn.Augment.Images;

/// <summary>Everything that was drawn for one image; rendering it again gives the same bits.</summary>
/// <param name="OutputToSource">Maps output coordinates to source coordinates.</param>
/// <param name="Color">The change of colour.</param>
/// <param name="NoiseSigma">The standard deviation of the noise, in grey levels; 0 for none.</param>
/// <param name="NoiseSeed">The stream of the noise.</param>
/// <param name="Cutouts">Rectangles that are filled with the mean.</param>
public sealed record ImagePlan(
    AffineTransform OutputToSource,
    ColorTransform Color,
    float NoiseSigma,
    long NoiseSeed,
    ImmutableArray<PixelRectangle> Cutouts)
{
    /// <summary>Writes the plan as JSON, so that an augmented sample can be made again later.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ImageJson.Default.ImagePlan);

    /// <summary>Reads a plan that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The text is no plan; the message says where.</exception>
    public static ImagePlan FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            ImagePlan plan = JsonSerializer.Deserialize(json, ImageJson.Default.ImagePlan) ?? throw new InvalidDataException("The image plan is null.");
            return plan.Cutouts.IsDefault ? plan with { Cutouts = [] } : plan;
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"The image plan cannot be read: {error.Message}", error);
        }
    }
}
