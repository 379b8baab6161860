using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Training;

/// <summary>Makes batches of rows ahead of their use, in an order that seed and epoch alone decide, from any place in an epoch.</summary>
/// <remarks>
/// Rows are read on a worker; a bounded channel holds what is ready. Rows of one bucket share a batch: a batch leaves when its bucket is
/// full, and what remains at the end of an epoch leaves in the order of the buckets. Several epochs may be read at once, as long as the
/// source allows it.
/// </remarks>
public sealed class DataLoader
{
    private readonly ISampleSource? _source;
    private readonly Func<int, IAsyncEnumerable<TrainingSample>>? _epochs;
    private readonly Func<TrainingSample, int> _bucketOf;
    private readonly DataLoaderOptions _options;
    private readonly BatchPool _pool;

    /// <summary>Creates a loader over rows that can be read in any order. Resuming inside an epoch reads no row twice.</summary>
    /// <param name="source">The rows; stays the caller's.</param>
    /// <param name="options">How to make batches; null for the defaults.</param>
    /// <exception cref="ArgumentException">The source has no row.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public DataLoader(ISampleSource source, DataLoaderOptions? options = null)
        : this(options)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Count < 1)
            throw new ArgumentException("The source has no row.", nameof(source));
        _source = source;
    }

    /// <summary>Creates a loader over a stream. Resuming inside an epoch reads the stream from its beginning and skips what was used.</summary>
    /// <param name="epochs">Opens the rows of an epoch, numbered from 1: the same rows in the same order each time it is asked for the same epoch.</param>
    /// <param name="options">How to make batches; null for the defaults.</param>
    /// <param name="bucketOf">Gets which bucket a row belongs to; null puts all into one.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public DataLoader(Func<int, IAsyncEnumerable<TrainingSample>> epochs, DataLoaderOptions? options = null, Func<TrainingSample, int>? bucketOf = null)
        : this(options)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        _epochs = epochs;
        _bucketOf = bucketOf ?? _bucketOf;
    }

    private DataLoader(DataLoaderOptions? options)
    {
        options ??= new();
        ValidateOptionsResult valid = new DataLoaderOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(DataLoaderOptions), typeof(DataLoaderOptions), valid.Failures);
        _options = options.Copy();
        _bucketOf = static _ => 0;
        _pool = new(_options.Prefetch + 2);
    }

    /// <summary>Gets the rows of an epoch; null for a stream.</summary>
    public int? RowCount => _source?.Count;

    /// <summary>Gets the batches of an epoch; null for a stream.</summary>
    public int? BatchCount
    {
        get
        {
            if (_source is null)
                return null;
            var buckets = new Dictionary<int, int>();
            for (int i = 0; i < _source.Count; i++)
                buckets[_source.BucketOf(i)] = buckets.GetValueOrDefault(_source.BucketOf(i)) + 1;
            int size = _options.BatchSize;
            return buckets.Values.Sum(n => _options.LastBatch == LastBatch.Keep ? (n + size - 1) / size : n / size);
        }
    }

    /// <summary>Gets what decides the batches, in words; two loaders over the same rows with equal descriptions make equal batches.</summary>
    internal string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{(RowCount is { } rows ? $"{rows} rows" : $"a stream shuffled in windows of {_options.ShuffleWindow}")}, batches of {_options.BatchSize}, {_options.Order} with seed {_options.Seed}, last batch: {_options.LastBatch}{(_options.PaddingLabel is { } label ? $", padded with label {label}" : "")}");

    /// <summary>Reads the batches of an epoch.</summary>
    /// <param name="epoch">From 1.</param>
    /// <param name="firstBatch">The batches to skip: those that were used before an interruption.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Batches that the caller disposes; enumerate once.</returns>
    /// <exception cref="AutLearnException">Rows of one batch differ in type or shape.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <remarks>What the source throws surfaces where the batch that it spoils is awaited.</remarks>
    public async IAsyncEnumerable<TrainingBatch> ReadEpochAsync(int epoch, int firstBatch = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = Channel.CreateBounded<TrainingBatch>(new BoundedChannelOptions(_options.Prefetch) { SingleReader = true, SingleWriter = true });
        Task producer = Task.Run(() => ProduceAsync(ready.Writer, epoch, firstBatch, stop.Token), CancellationToken.None);
        try
        {
            await foreach (TrainingBatch batch in ready.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            // A consumer that leaves early must not leave a worker behind; failures have reached it through the channel.
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
        }
    }

    private async Task ProduceAsync(ChannelWriter<TrainingBatch> ready, int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            if (_source is not null)
                await ProduceIndexedAsync(_source, ready, epoch, firstBatch, cancellationToken).ConfigureAwait(false);
            else
                await ProduceStreamAsync(ready, epoch, firstBatch, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The channel carries every failure to the reader.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }

        ready.TryComplete(failure);
    }

    private async Task ProduceIndexedAsync(ISampleSource source, ChannelWriter<TrainingBatch> ready, int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = new int[source.Count];
        if (_options.Order == SampleOrder.Shuffled)
            RowOrder.Shuffle(order, _options.Seed, epoch);
        else
            for (int i = 0; i < order.Length; i++)
                order[i] = i;
        var buckets = new Buckets<int>(_options);
        var rows = new List<TrainingSample>(_options.BatchSize);
        int index = 0;
        foreach (List<int> batch in buckets.Group(order.Select(row => (source.BucketOf(row), row))))
        {
            if (index++ < firstBatch)
                continue;
            rows.Clear();
            foreach (int row in batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(source.Read(row, epoch));
            }

            await ready.WriteAsync(_pool.Collate(Padded(rows), epoch, index - 1, batch), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ProduceStreamAsync(ChannelWriter<TrainingBatch> ready, int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        var buckets = new Buckets<TrainingSample>(_options);
        int index = 0;
        await foreach (TrainingSample row in ShuffledAsync(_epochs!(epoch), epoch, cancellationToken).ConfigureAwait(false))
        {
            if (buckets.Add(_bucketOf(row), row) is { } full)
                await WriteAsync(full).ConfigureAwait(false);
        }

        foreach (List<TrainingSample> rest in buckets.Rest())
            await WriteAsync(rest).ConfigureAwait(false);

        async ValueTask WriteAsync(List<TrainingSample> rows)
        {
            if (index++ >= firstBatch)
                await ready.WriteAsync(_pool.Collate(Padded(rows), epoch, index - 1, sourceRows: null), cancellationToken).ConfigureAwait(false);
        }
    }

    private List<TrainingSample> Padded(List<TrainingSample> rows) => _options.PaddingLabel is { } label ? Padding.Pad(rows, label) : rows;

    // A row leaves the full window at random and the next one takes its place.
    private async IAsyncEnumerable<TrainingSample> ShuffledAsync(IAsyncEnumerable<TrainingSample> rows, int epoch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_options.Order == SampleOrder.Sequential)
        {
            await foreach (TrainingSample row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
                yield return row;
            yield break;
        }

        Random random = RowOrder.Random(_options.Seed, epoch);
        var window = new List<TrainingSample>();
        await foreach (TrainingSample row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (window.Count < _options.ShuffleWindow)
            {
                window.Add(row);
                continue;
            }

            int place = random.Next(window.Count);
            yield return window[place];
            window[place] = row;
        }

        TrainingSample[] last = [.. window];
        random.Shuffle(last);
        foreach (TrainingSample row in last)
            yield return row;
    }
}
