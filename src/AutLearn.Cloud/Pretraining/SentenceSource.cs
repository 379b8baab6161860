using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Labelled sentences as rows of tokens, filled up to the length of their bucket.</summary>
internal sealed class SentenceSource : ISampleSource
{
    // Batches of nearly equal lengths waste little on filling, and there are enough rows for each.
    private const int BucketTokens = 8;

    private readonly TextEncoder _encoder;
    private readonly IReadOnlyList<long[]> _rows;
    private readonly IReadOnlyList<long> _labels;

    /// <summary>Takes rows.</summary>
    /// <param name="encoder">Fills the model's inputs.</param>
    /// <param name="rows">The tokens of each sentence, no more than <see cref="TextSpec.MaxLength"/>.</param>
    /// <param name="labels">As many classes.</param>
    public SentenceSource(TextEncoder encoder, IReadOnlyList<long[]> rows, IReadOnlyList<long> labels) => (_encoder, _rows, _labels) = (encoder, rows, labels);

    public int Count => _rows.Count;

    public int BucketOf(int index) => _encoder.Spec.PadsToMaxLength ? 0 : (Math.Max(1, _rows[index].Length) + BucketTokens - 1) / BucketTokens;

    public TrainingSample Read(int index, int epoch)
    {
        TensorBuffer[] inputs = _encoder.Rows([_rows[index]], Math.Min(_encoder.Spec.MaxLength, BucketOf(index) * BucketTokens));
        return new([.. inputs.Select(i => new Tensor(i.ElementType, i.Dimensions[1..], i.Bytes.ToArray()))], Tensor.Scalar(_labels[index]));
    }
}
