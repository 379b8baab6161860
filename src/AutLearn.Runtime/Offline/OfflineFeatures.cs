using AutLearn.Cache.Disk;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Offline;

/// <summary>Gives the features of samples and their variants: from the store, or else from the backbone.</summary>
/// <remarks>
/// The backbone runs on one row at a time, so that features depend on nothing but their own sample, and what is read back equals what
/// was computed whatever window computed it.
/// </remarks>
internal sealed class OfflineFeatures : IDisposable
{
    private readonly PersonalModel _model;
    private readonly ISampleHistory _history;
    private readonly FeatureStore _store;
    private readonly IAugmenter? _augmenter;
    private readonly int _seed;
    private readonly LabelCheck _labels;
    private readonly RowLayout _layout;
    private readonly PredictionBatch _batch;
    private readonly TensorBuffer _read;
    private readonly byte[] _empty;
    private bool _isStoreFailing;

    public OfflineFeatures(PersonalModel model, RowLayout layout, ISampleHistory history, FeatureStore store, IAugmenter? augmenter, int seed)
    {
        _model = model;
        _history = history;
        _store = store;
        _augmenter = augmenter;
        _seed = seed;
        _labels = new(model.Manifest);
        _layout = layout;
        _batch = model.CreateBatch(layout.Inputs());
        _read = layout.EmptyLabels();
        _empty = _read.Bytes.ToArray();
    }

    public long Computed { get; private set; }

    public long Reused { get; private set; }

    public HashSet<long> Skipped { get; } = [];

    /// <summary>Gives one row; false if the sample cannot be read or its labels are none that the loss is defined for.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="variant">0 for the sample itself.</param>
    /// <param name="row">Receives the features.</param>
    /// <param name="labels">Receives the labels.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    public bool TryGet(HistorySample sample, int variant, Span<byte> row, Span<byte> labels, CancellationToken cancellationToken)
    {
        _empty.CopyTo(_read.Bytes);
        if (!_history.TryReadLabels(sample, _read) || !AreAllowed(_read))
        {
            Skipped.Add(sample.Id);
            return false;
        }

        _read.Bytes.CopyTo(labels);

        var key = new FeatureKey(sample.Id, variant);
        if (_store.TryRead(key, row, out long stored) && stored == Fingerprint(sample, variant))
        {
            Reused++;
            return true;
        }

        foreach (TensorBuffer input in _batch.Inputs)
            input.Bytes.Clear();
        if (!_history.TryRead(sample, _batch.Inputs))
        {
            Skipped.Add(sample.Id);
            return false;
        }

        if (variant > 0)
            _augmenter!.Augment(_batch.Inputs, sample.ContentKey, variant, _seed);
        _model.Predict(_batch, cancellationToken);
        _layout.CopyFeatures(_batch.BoundaryBuffers, 0, 1, row);
        Computed++;
        Keep(key, row, Fingerprint(sample, variant));
        return true;
    }

    public void Dispose() => _batch.Dispose();

    /// <summary>Tells whether a row can be measured on; else its sample counts as skipped. A loss over rows with one that is not finite would be none, and no training would ever serve.</summary>
    public bool IsSound(HistorySample sample, ReadOnlySpan<byte> row)
    {
        if (_layout.HasNumbers(row))
            return true;
        Skipped.Add(sample.Id);
        return false;
    }

    // Tells features of the same content apart from those of an id that was given away anew, and of another seed's augmentation.
    private long Fingerprint(HistorySample sample, int variant) => variant == 0 ? sample.ContentKey : HashCode64(sample.ContentKey, _seed);

    private static long HashCode64(long value, int seed)
    {
        ulong z = (ulong)value + ((ulong)(uint)seed * 0x9E3779B97F4A7C15) + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)(z ^ (z >> 31));
    }

    private bool AreAllowed(TensorBuffer labels)
    {
        try
        {
            _labels.Count(labels);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private void Keep(FeatureKey key, Span<byte> row, long fingerprint)
    {
        try
        {
            // What a rounding format gives back is what every epoch must see, the first one too.
            if (_store.TryAdd(key, row, fingerprint))
                _store.TryRead(key, row, out _);
        }
        catch (IOException error)
        {
            if (!_isStoreFailing)
                Log.FeaturesNotKept(_model.Logger, error);
            _isStoreFailing = true;
        }
    }
}
