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
}
