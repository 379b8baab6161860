using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Labelled sentences as rows of tokens, filled up to the length of their bucket.</summary>
internal sealed class SentenceSource : ISampleSource
{
    // Batches of nearly equal lengths waste little on filling, and there are enough rows for each.
    private const int BucketTokens = 8;

    private readonly TextSpec _spec;
    private readonly IReadOnlyList<long[]> _rows;
    private readonly IReadOnlyList<long> _labels;

    /// <summary>Takes rows.</summary>
    /// <param name="spec">How rows are filled up.</param>
    /// <param name="rows">The tokens of each sentence, no more than <see cref="TextSpec.MaxLength"/>.</param>
    /// <param name="labels">As many classes.</param>
    public SentenceSource(TextSpec spec, IReadOnlyList<long[]> rows, IReadOnlyList<long> labels) => (_spec, _rows, _labels) = (spec, rows, labels);

    public int Count => _rows.Count;

    public int BucketOf(int index) => _spec.PadsToMaxLength ? 0 : (Math.Max(1, _rows[index].Length) + BucketTokens - 1) / BucketTokens;

    public TrainingSample Read(int index, int epoch)
    {
        long[] row = new long[_spec.PadsToMaxLength ? _spec.MaxLength : Math.Min(_spec.MaxLength, BucketOf(index) * BucketTokens)];
        Array.Fill(row, _spec.Padding);
        _rows[index].CopyTo(row, 0);
        return new([Tensor.Vector<long>(row)], Tensor.Scalar(_labels[index]));
    }
}
