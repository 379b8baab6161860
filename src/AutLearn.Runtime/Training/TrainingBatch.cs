using AutLearn.Graph;

namespace AutLearn.Runtime.Training;

/// <summary>Rows side by side, ready for a step. Disposing it hands its buffers back to the loader, which fills them again.</summary>
public sealed class TrainingBatch : IDisposable
{
    private readonly BatchPool _pool;
    private readonly TensorBuffer[] _inputs;
    private int _isFree;

    internal TrainingBatch(BatchPool pool, TensorBuffer[] inputs, TensorBuffer labels)
    {
        _pool = pool;
        _inputs = inputs;
        Labels = labels;
    }

    /// <summary>Gets one tensor a user input of the manifest, in its order, with the batch as first dimension.</summary>
    public ReadOnlySpan<TensorBuffer> Inputs => _inputs;

    /// <summary>Gets the labels, with the batch as first dimension.</summary>
    public TensorBuffer Labels { get; }

    /// <summary>Gets the epoch, from 1.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Gets the place of the batch in its epoch, from 0.</summary>
    public int Index { get; internal set; }

    /// <summary>Gets which rows of the source these are; null for a stream.</summary>
    internal IReadOnlyList<int>? SourceRows { get; set; }

    /// <summary>Gets the number of rows.</summary>
    public int Rows => (int)Labels.Dimensions[0];

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isFree, 1) == 0)
            _pool.Return(this);
    }

    internal void Take() => _isFree = 0;

    internal bool Fits(TrainingSample row, int rows)
    {
        if (_inputs.Length != row.Inputs.Length || !Fits(Labels, row.Labels, rows))
            return false;
        for (int i = 0; i < _inputs.Length; i++)
        {
            if (!Fits(_inputs[i], row.Inputs[i], rows))
                return false;
        }

        return true;
    }

    internal void Fill(List<TrainingSample> rows)
    {
        for (int r = 0; r < rows.Count; r++)
        {
            TrainingSample row = rows[r];
            if (!Fits(row, rows.Count))
                throw new AutLearnException($"{(SourceRows is null ? $"Row {r}" : $"Row {SourceRows[r]} of the source")} in batch {Index} of epoch {Epoch} differs in type or shape from the rows beside it: its labels are {row.Labels} and its inputs {string.Join(", ", row.Inputs)}, in a batch of {Labels} and {string.Join(", ", (object[])_inputs)}. Pad the rows, or put unlike rows into different buckets.");
            for (int i = 0; i < _inputs.Length; i++)
                Copy(row.Inputs[i], _inputs[i], r);
            Copy(row.Labels, Labels, r);
        }
    }

    private static bool Fits(TensorBuffer buffer, Tensor row, int rows) =>
        buffer.ElementType == row.ElementType && buffer.Dimensions[0] == rows && buffer.Dimensions[1..].SequenceEqual(row.Dimensions.AsSpan());

    private static void Copy(Tensor row, TensorBuffer target, int index)
    {
        ReadOnlySpan<byte> bytes = row.Bytes.Span;
        bytes.CopyTo(target.Bytes.Slice(index * bytes.Length, bytes.Length));
    }
}
