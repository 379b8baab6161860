using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Draws plans for images and renders them in one pass, straight to a model's input tensor.</summary>
/// <remarks>
/// What a sample receives is a function of (seed, epoch, sample) alone. All geometric steps become one affine map, all colour steps
/// one linear change, so an image is resampled once. Immutable; safe for use by several threads. Rendering allocates nothing.
/// </remarks>
public sealed class ImagePipeline
{
    private const int MostSteps = 1024;

    /// <summary>Creates a pipeline.</summary>
    /// <exception cref="ArgumentException">A step's setting is out of its range.</exception>
    public ImagePipeline(ImagePipelineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        if (options.Steps.IsDefault || options.Steps.Length > MostSteps)
            throw new ArgumentException($"An image pipeline has 0 to {MostSteps} steps.", nameof(options));
        if (!Enum.IsDefined(options.Border) || !Enum.IsDefined(options.Interpolation))
            throw new ArgumentException($"The border {options.Border} or the interpolation {options.Interpolation} of the image pipeline is not known.", nameof(options));
        ImageStep.ValidateAll(options.Steps, "the image pipeline");
    }

    /// <summary>Gets the settings.</summary>
    public ImagePipelineOptions Options { get; }

    /// <summary>Reads a pipeline that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The text is no pipeline; the message says where.</exception>
    public static ImagePipeline FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            ImagePipelineOptions options = JsonSerializer.Deserialize(json, ImageJson.Default.ImagePipelineOptions)
                ?? throw new InvalidDataException("The image pipeline is null.");
            return new(options);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"The image pipeline cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Writes the settings as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(Options, ImageJson.Default.ImagePipelineOptions);

    /// <summary>Draws what one sample receives.</summary>
    /// <param name="image">The source.</param>
    /// <param name="layout">The model's input.</param>
    /// <param name="sample">The sample's stable index.</param>
    /// <param name="epoch">The pass over the data.</param>
    public ImagePlan Plan(PixelImage image, TensorLayout layout, long sample, long epoch = 0)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(layout);
        var plan = new ImagePlanBuilder(image.Width, image.Height, layout);
        ImmutableArray<ImageStep> steps = Options.Steps;
        for (int i = 0; i < steps.Length; i++)
            steps[i].Draw(CounterRandom.For(Options.Seed, epoch, sample, i), plan);
        return plan.Build((long)CounterRandom.For(Options.Seed, epoch, sample, steps.Length).NextUInt64());
    }

    /// <summary>Draws and renders.</summary>
    /// <param name="image">The source.</param>
    /// <param name="layout">The model's input.</param>
    /// <param name="tensor">Receives <see cref="TensorLayout.Length"/> values.</param>
    /// <param name="sample">The sample's stable index.</param>
    /// <param name="epoch">The pass over the data.</param>
    public void Augment(PixelImage image, TensorLayout layout, Span<float> tensor, long sample, long epoch = 0) =>
        Render(image, Plan(image, layout, sample, epoch), layout, tensor);

    /// <summary>Augments a batch into one tensor, sample after sample.</summary>
    /// <param name="samples">The images.</param>
    /// <param name="layout">The model's input.</param>
    /// <param name="tensor">Receives the samples' values, <see cref="TensorLayout.Length"/> each.</param>
    /// <param name="epoch">The pass over the data.</param>
    /// <exception cref="ArgumentException">The tensor's length does not match.</exception>
    public void AugmentBatch(ReadOnlySpan<ImageSample> samples, TensorLayout layout, Span<float> tensor, long epoch = 0)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (tensor.Length != (long)samples.Length * layout.Length)
            throw new ArgumentException($"The tensor holds {tensor.Length} values; {samples.Length} samples of {layout} take {(long)samples.Length * layout.Length}.", nameof(tensor));
        for (int i = 0; i < samples.Length; i++)
            Augment(samples[i].Image, layout, tensor.Slice(i * layout.Length, layout.Length), samples[i].Index, epoch);
    }

    /// <summary>Augments a stream; each result is a new array.</summary>
    /// <param name="samples">The images; read one at a time.</param>
    /// <param name="layout">The model's input.</param>
    /// <param name="epoch">The pass over the data.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public async IAsyncEnumerable<float[]> AugmentStream(
        IAsyncEnumerable<ImageSample> samples, TensorLayout layout, long epoch = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(layout);
        await foreach (ImageSample sample in samples.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            float[] tensor = new float[layout.Length];
            Augment(sample.Image, layout, tensor, sample.Index, epoch);
            yield return tensor;
        }
    }

    /// <summary>Renders a plan; the same plan gives the same bits.</summary>
    /// <exception cref="ArgumentException">The tensor's length does not match the layout.</exception>
    public void Render(PixelImage image, ImagePlan plan, TensorLayout layout, Span<float> tensor) =>
        ImageRenderer.Render(image, plan, layout, Options, tensor);
}
