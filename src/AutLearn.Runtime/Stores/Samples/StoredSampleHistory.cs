using System.Buffers.Binary;
using System.Security.Cryptography;
using AutLearn.Graph;
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
    /// <param name="decoder">Decodes contents; null if they are the inputs' rows themselves, little-endian, one after the other; of a model that reads one row of tokens, a content may end early where the rest is padding.</param>
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
        [.. _store.List().Where(s => s.IsTrainable).Select(s => new HistorySample(s.Id, s.Label ?? HashOf(s.Labels.Span), s.ContentKey))];

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

    /// <inheritdoc/>
    public bool TryReadLabels(HistorySample sample, TensorBuffer labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (_store.Find(sample.Id) is not { IsTrainable: true } stored)
            return false;
        if (stored.Label is { } label)
        {
            if (labels is not { ElementType: ElementType.Int64, Count: 1 })
                return false;
            labels.Span<long>()[0] = label;
            return true;
        }

        if (stored.Labels.Length > labels.Bytes.Length || stored.Labels.Length % (labels.ElementType.SizeInBits() / 8) != 0)
            return false;
        stored.Labels.Span.CopyTo(labels.Bytes);
        return true;
    }

    // So that a training that waits starts anew where labels were corrected.
    private static long HashOf(ReadOnlySpan<byte> labels)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(labels, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    private static bool CopyRows(ReadOnlySpan<byte> payload, IReadOnlyList<TensorBuffer> inputs)
    {
        long size = 0;
        foreach (TensorBuffer input in inputs)
            size += input.Bytes.Length;

        // A sentence may end early: the rest is padding. Numbers that are missing are a fault.
        if (inputs is [{ ElementType: ElementType.Int64 or ElementType.Int32 }] && payload.Length < size && payload.Length > 0 && payload.Length % (inputs[0].ElementType.SizeInBits() / 8) == 0)
        {
            payload.CopyTo(inputs[0].Bytes);
            return true;
        }

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
