using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Evaluation;

/// <summary>Something that scores images: compiled artifacts, or a plain ONNX file.</summary>
internal interface IImageClassifier : IDisposable
{
    /// <summary>Gets how images become input.</summary>
    ImagePreprocessing Preprocessing { get; }

    /// <summary>Scores images.</summary>
    /// <param name="input">The images in the type and order of the preprocessing, one after the other.</param>
    /// <param name="rows">The number of images.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Scores or probabilities, [rows, classes].</returns>
    float[] Score(ReadOnlySpan<byte> input, int rows, CancellationToken cancellationToken);
}
