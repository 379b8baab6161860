using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Offline;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Lets offline learning read a <see cref="SampleStore"/>: what has a label and the user's consent and has not expired, oldest first.</summary>
/// <remarks>Safe for use by several threads if the decoder is.</remarks>
public sealed class StoredSampleHistory : ISampleHistory
{
    private readonly SampleStore _store;
    private readonly SampleDecoder _decode;
    private readonly ILogger _logger;

    /// <summary>Creates a history.</summary>
    /// <param name="store">The store; stays the caller's.</param>
    /// <param name="decoder">Decodes contents; null if they are the inputs' rows themselves, little-endian, one after the other.</param>
    /// <param name="logger">Takes messages without user data; null for none.</param>
    public StoredSampleHistory(SampleStore store, SampleDecoder? decoder = null, ILogger<StoredSampleHistory>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _decode = decoder ?? CopyRows;
        _logger = Observers.Guard(logger);
    }

    /// <inheritdoc/>
    public int StoredSamples => _store.List().Count;

    /// <inheritdoc/>
    public IReadOnlyList<HistorySample> List() =>
        [.. _store.List().Where(s => s.IsTrainable).Select(s => new HistorySample(s.Id, s.Label.GetValueOrDefault(), s.ContentKey))];

    /// <inheritdoc/>
    public bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (_store.Find(sample.Id) is not { IsTrainable: true })
            return false;
        byte[]? payload;
        try
        {
            payload = _store.Read(sample.Id);
        }
        catch (SampleStoreException error) when (error.Reason == SampleStoreFailure.Damaged)
        {
            Log.SampleDamaged(_logger, sample.Id, error);
            return false;
        }

        return payload is not null && _decode(payload, inputs);
    }

    private static bool CopyRows(ReadOnlySpan<byte> payload, IReadOnlyList<TensorBuffer> inputs)
    {
        long size = 0;
        foreach (TensorBuffer input in inputs)
            size += input.Bytes.Length;
        if (size != payload.Length)
            return false;
        foreach (TensorBuffer input in inputs)
        {
            payload[..input.Bytes.Length].CopyTo(input.Bytes);
            payload = payload[input.Bytes.Length..];
        }

        return true;
    }
}
