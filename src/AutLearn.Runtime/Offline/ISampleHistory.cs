using AutLearn.Graph;

namespace AutLearn.Runtime.Offline;

/// <summary>The user's labelled samples, as the app stores them.</summary>
public interface ISampleHistory
{
    /// <summary>Gets the number of all samples, also of those that lack a label or the user's consent, to tell why there is too little to learn from.</summary>
    int StoredSamples => List().Count;

    /// <summary>Lists the samples that may be learned from, oldest first.</summary>
    IReadOnlyList<HistorySample> List();

    /// <summary>Writes a sample into the model's inputs.</summary>
    /// <param name="sample">From <see cref="List"/>.</param>
    /// <param name="inputs">One row an input of the manifest, in its order; to be filled.</param>
    /// <returns>False if the sample is gone or cannot be read; it is then left out of this training.</returns>
    bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs);

    /// <summary>Writes a sample's labels.</summary>
    /// <param name="sample">From <see cref="List"/>.</param>
    /// <param name="labels">One row of the manifest's labels, to be filled from its beginning; what is left counts as ignored, where the loss ignores a label, else as 0.</param>
    /// <returns>False if the sample is gone or cannot be read; it is then left out of this training.</returns>
    /// <exception cref="NotSupportedException">The model takes other labels than the history has.</exception>
    /// <remarks>A history of classes need not implement it: <see cref="HistorySample.Label"/> is written.</remarks>
    bool TryReadLabels(HistorySample sample, TensorBuffer labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels is not { ElementType: ElementType.Int64, Count: 1 })
            throw new NotSupportedException($"The model takes the labels {labels}, not one class a row, and {GetType().Name} gives classes alone. Implement {nameof(TryReadLabels)}.");
        labels.Span<long>()[0] = sample.Label;
        return true;
    }
}
