using System.Numerics.Tensors;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Samples.Gallery;

/// <summary>Runs the model on one photo at a time.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class PhotoClassifier : IDisposable
{
    private const int Shown = 3;

    private readonly PersonalModel _model;
    private readonly PhotoRenderer _renderer;
    private readonly float[] _probabilities;

    /// <exception cref="AutLearnException">The package is not one of an image classifier.</exception>
    public PhotoClassifier(PersonalModel model)
    {
        _model = model;
        ArtifactManifest manifest = model.Manifest;
        ImagePreprocessing preprocessing = manifest.Preprocessing
            ?? throw new AutLearnException($"The package of '{manifest.ModelName}' does not say how photos become its input. Compile a network of one input, [N, channels, height, width] or [N, height, width, channels]; where it leaves its size open, with --image-size.");
        Shape scores = manifest.Logits.ToShape();
        if (scores.Rank != 2 || !scores[1].IsKnown || manifest.Logits.ElementType != ElementType.Float32)
            throw new AutLearnException($"The package of '{manifest.ModelName}' is no classifier: its scores are [{string.Join(",", manifest.Logits.Shape)}].");
        int classes = checked((int)scores[1].Size);
        if (!manifest.Classes.IsEmpty && manifest.Classes.Length != classes)
            throw new AutLearnException($"The package of '{manifest.ModelName}' names {manifest.Classes.Length} classes but scores {classes}.");
        Classes = manifest.Classes.IsEmpty ? [.. Enumerable.Range(1, classes).Select(i => $"class {i}")] : [.. manifest.Classes];
        _renderer = new(preprocessing);
        _probabilities = new float[classes];
        Batch = model.Predict([new TensorBuffer(preprocessing.ElementType, preprocessing.Dimensions(1))]);
    }

    public IReadOnlyList<string> Classes { get; }

    /// <summary>Gets the last prediction.</summary>
    public PredictionBatch Batch { get; }

    /// <summary>Predicts into <see cref="Batch"/>.</summary>
    /// <exception cref="InvalidDataException">The content is no readable image.</exception>
    public void Predict(Photo photo, PhotoContent content)
    {
        _renderer.Render(photo, content, Batch.Inputs[0].Bytes);
        _model.Predict(Batch);
    }

    /// <summary>Gets the likeliest classes of the last prediction.</summary>
    public Guess[] Top()
    {
        TensorPrimitives.SoftMax(Batch.Logits.Span<float>(), _probabilities);
        return [.. Enumerable.Range(0, _probabilities.Length).OrderByDescending(c => _probabilities[c]).Take(Shown).Select(c => new Guess(c, Classes[c], _probabilities[c]))];
    }

    public void Dispose() => Batch.Dispose();
}
