using System.CommandLine;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say how images become the model's input.</summary>
internal sealed class PreprocessingArguments
{
    private readonly Option<float?> _mean = new Option<float?>("--mean")
    {
        Description = "Subtracted from each pixel (0 to 255). Default: 127.5.",
        HelpName = "number",
    }.Between(-1e6, 1e6);

    private readonly Option<float?> _std = new Option<float?>("--std")
    {
        Description = "Divides each pixel after that. Default: 127.5, which with the default mean gives -1 to 1.",
        HelpName = "number",
    }.Positive();

    private readonly Option<float?> _crop = new Option<float?>("--crop")
    {
        Description = "The side of the centred square that is used, as a fraction of the shorter side. Default: 1, the whole.",
        HelpName = "fraction",
    }.Between(0.01, 1);

    private readonly Option<bool> _invert = new("--invert")
    {
        Description = "Swap light and dark first, so that white ink on black becomes dark ink on white.",
    };

    public void AddTo(Command command)
    {
        command.Add(_mean);
        command.Add(_std);
        command.Add(_crop);
        command.Add(_invert);
    }

    /// <summary>Builds the preprocessing for a model.</summary>
    /// <returns>The preprocessing; null where the model does not take one image a sample.</returns>
    /// <exception cref="UsageException">Options are given, but the model takes no images.</exception>
    public ImagePreprocessing? Read(ParseResult parsed, OnnxModel model)
    {
        float? mean = parsed.GetValue(_mean);
        float? std = parsed.GetValue(_std);
        float? crop = parsed.GetValue(_crop);
        bool isInverted = parsed.GetValue(_invert);
        if (SizeOf(model) is not { } size)
        {
            return mean is null && std is null && crop is null && !isInverted
                ? null
                : throw new UsageException("Options --mean, --std, --crop and --invert need a model whose only input is Float32 [N, 1 or 3, height, width].");
        }

        // (255 - p - m) / s = (p - (255 - m)) / -s
        float m = mean ?? 127.5f;
        float s = std ?? 127.5f;
        return new(size.Width, size.Height, size.Channels, isInverted ? 255 - m : m, isInverted ? -s : s, crop ?? 1);
    }

    private static (int Width, int Height, int Channels)? SizeOf(OnnxModel model)
    {
        Value[] inputs = [.. model.Graph.Inputs.Where(i => i.Initializer is null)];
        return inputs is [{ ElementType: ElementType.Float32, Shape: { Rank: 4 } shape }]
            && (shape[1].Is(1) || shape[1].Is(3)) && shape[2].IsKnown && shape[3].IsKnown
            && shape[2].Size is > 0 and <= 16_384 && shape[3].Size is > 0 and <= 16_384
            ? ((int)shape[3].Size, (int)shape[2].Size, (int)shape[1].Size)
            : null;
    }
}
