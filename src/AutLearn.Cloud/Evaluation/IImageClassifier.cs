using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Evaluation;

/// <summary>Something that scores images: compiled artifacts, or a plain ONNX file.</summary>
internal interface IImageClassifier : IDisposable
{
    /// <summary>Gets how images become input.</summary>
    ImagePreprocessing Preprocessing { get; }

    /// <summary>Scores images.</summary>
    /// <param name="input">The images' planes, row by row.</param>
    /// <param name="rows">The number of images.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Scores or probabilities, [rows, classes].</returns>
    float[] Score(ReadOnlySpan<float> input, int rows, CancellationToken cancellationToken);
}
