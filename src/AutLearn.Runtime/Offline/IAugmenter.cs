namespace AutLearn.Runtime.Offline;

/// <summary>Makes variants of samples.</summary>
public interface IAugmenter
{
    /// <summary>Changes a sample in place.</summary>
    /// <param name="inputs">One row an input of the manifest; the original on entry.</param>
    /// <param name="contentKey">The sample's <see cref="HistorySample.ContentKey"/>.</param>
    /// <param name="variant">At least 1.</param>
    /// <param name="seed">The training's seed. Equal arguments must give equal bits.</param>
    void Augment(IReadOnlyList<TensorBuffer> inputs, long contentKey, int variant, int seed);
}
