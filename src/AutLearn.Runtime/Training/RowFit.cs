namespace AutLearn.Runtime.Training;

/// <summary>Finds the rows of a refused batch that a step can take.</summary>
/// <remarks>Rows are tried together and in ever smaller halves, so that one bad row among n costs about 2 log n trials. Nothing is applied.</remarks>
internal sealed class RowFit
{
    private readonly StepEngine _engine;
    private readonly BatchRows _batch;
    private readonly double _learningRate;
    private readonly CancellationToken _cancellationToken;
    private readonly List<int> _fit = [];

    private RowFit(StepEngine engine, BatchRows batch, double learningRate, CancellationToken cancellationToken)
    {
        _engine = engine;
        _batch = batch;
        _learningRate = learningRate;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Finds them.</summary>
    /// <returns>In ascending order; none where no row with a label that counts is among them.</returns>
    public static int[] Find(StepEngine engine, BatchRows batch, double learningRate, CancellationToken cancellationToken)
    {
        var search = new RowFit(engine, batch, learningRate, cancellationToken);
        ILookup<bool, int> isIgnored = Enumerable.Range(0, batch.Count).ToLookup(row => engine.IsRowIgnored(batch, row));

        // A row without a label ruins no step, and gives no gradient to judge it by.
        search.Try([.. isIgnored[false]]);
        return search._fit.Count == 0 ? [] : [.. search._fit.Concat(isIgnored[true]).Order()];
    }

    private void Try(ReadOnlySpan<int> rows)
    {
        if (rows.IsEmpty)
            return;
        if (_engine.Takes(_batch.Select([.. _fit.Concat(rows.ToArray()).Order()]), _learningRate, _cancellationToken))
        {
            _fit.AddRange(rows);
        }
        else if (rows.Length > 1)
        {
            Try(rows[..(rows.Length / 2)]);
            Try(rows[(rows.Length / 2)..]);
        }
    }
}
