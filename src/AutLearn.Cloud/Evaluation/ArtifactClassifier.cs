using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Evaluation;

/// <summary>Scores images with compiled artifacts.</summary>
internal sealed class ArtifactClassifier : IImageClassifier
{
    private readonly PersonalModel _model;

    public ArtifactClassifier(string path, string? statePath)
    {
        _model = PersonalModel.Open(path);
        try
        {
            Preprocessing = _model.Manifest.Preprocessing
                ?? throw new AutLearnException($"{path}: the artifacts do not say how images become input. Compile a model whose only input is Float32 [N, 1 or 3, height, width].");
            if (statePath is not null)
                _model.LoadState(statePath);
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    public ImagePreprocessing Preprocessing { get; }

    /// <summary>Gets the description of the artifacts.</summary>
    public ArtifactManifest Manifest => _model.Manifest;

    public float[] Score(ReadOnlySpan<float> input, int rows, CancellationToken cancellationToken)
    {
        using PredictionBatch batch = _model.Predict(input, rows, cancellationToken);
        return batch.Logits.Span<float>().ToArray();
    }

    public void Dispose() => _model.Dispose();
}
