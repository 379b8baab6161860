using System.Collections.Concurrent;
using AutLearn.Graph;

namespace AutLearn.Runtime.Training;

/// <summary>Keeps the buffers of used batches, whose pinned memory is costly to make anew in every step.</summary>
internal sealed class BatchPool
{
    private readonly ConcurrentQueue<TrainingBatch> _free = new();
    private readonly int _limit;

    public BatchPool(int limit) => _limit = limit;

    public TrainingBatch Collate(List<TrainingSample> rows, int epoch, int index, IReadOnlyList<int>? sourceRows)
    {
        TrainingBatch? batch = null;
        while (batch is null && _free.TryDequeue(out TrainingBatch? free))
            batch = free.Fits(rows[0], rows.Count) ? free : null;
        batch ??= new(this, [.. rows[0].Inputs.Select(t => Buffer(t, rows.Count))], Buffer(rows[0].Labels, rows.Count));
        batch.Take();
        (batch.Epoch, batch.Index, batch.SourceRows) = (epoch, index, sourceRows);
        batch.Fill(rows);
        return batch;
    }

    public void Return(TrainingBatch batch)
    {
        if (_free.Count < _limit)
            _free.Enqueue(batch);
    }

    private static TensorBuffer Buffer(Tensor row, int rows) => new(row.ElementType, [rows, .. row.Dimensions]);
}
