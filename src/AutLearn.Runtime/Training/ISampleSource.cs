namespace AutLearn.Runtime.Training;

/// <summary>Rows of training data that can be read in any order.</summary>
public interface ISampleSource
{
    /// <summary>Gets the number of rows, at least 1; it does not change.</summary>
    int Count { get; }

    /// <summary>Reads a row. Called by one worker at a time, not by the thread that trains.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="epoch">From 1. A source that varies its rows at random derives them from index and epoch alone, so that training can resume exactly.</param>
    TrainingSample Read(int index, int epoch);

    /// <summary>Gets which bucket a row belongs to: only rows of one bucket share a batch, such as sentences of one length.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <returns>0 for every row, where a source does not say otherwise.</returns>
    int BucketOf(int index) => 0;
}
