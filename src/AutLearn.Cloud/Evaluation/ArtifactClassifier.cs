using System.Runtime.InteropServices;
using AutLearn.Cloud.Commands;
using AutLearn.Graph;
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
                ?? throw new AutLearnException($"{path}: the artifacts do not say how images become input. Compile a model of {ImageInput.Need}; where it leaves their size open, with --image-size.");
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

    public float[] Score(ReadOnlySpan<byte> input, int rows, CancellationToken cancellationToken)
    {
        var tensor = new TensorBuffer(Preprocessing.ElementType, Preprocessing.Dimensions(rows));
        if (tensor.Bytes.Length != input.Length)
            throw new AutLearnException($"The images take {input.Length} bytes, but the preprocessing makes {tensor}.");
        input.CopyTo(tensor.Bytes);
        using PredictionBatch batch = _model.Predict([tensor], cancellationToken);
        return batch.Logits.ElementType == ElementType.Float16
            ? [.. MemoryMarshal.Cast<byte, Half>(batch.Logits.Bytes).ToArray().Select(h => (float)h)]
            : batch.Logits.Span<float>().ToArray();
    }

    public void Dispose() => _model.Dispose();
}
