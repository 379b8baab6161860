using System.Collections.Immutable;

namespace AutLearn.Runtime.Training;

/// <summary>Adds up the batches of an evaluation.</summary>
internal sealed class EvaluationSum
{
    private readonly ImmutableArray<bool>.Builder _rows = ImmutableArray.CreateBuilder<bool>();
    private double _loss;
    private long _labels;
    private long? _correct = 0;

    public void Add(float loss, long labels, long? correct, TensorBuffer? correctRows)
    {
        // The mean over no label is no number.
        _loss += labels > 0 ? (double)loss * labels : 0;
        _labels += labels;
        _correct += correct;
        if (correctRows is null)
            return;
        // A native true need not be the byte 1, which a .NET bool must be.
        foreach (byte value in correctRows.Bytes)
            _rows.Add(value != 0);
    }

    public EvaluationResult Result(long version) => new(_loss / _labels, _correct, _labels, _rows.ToImmutable(), version);
}
