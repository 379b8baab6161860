using AutLearn.Runtime.Execution;

namespace AutLearn.Runtime.Training;

/// <summary>Rows in buffers, one a boundary tensor, with labels as a buffer or as class numbers.</summary>
internal readonly ref struct BufferSource : IBatchSource
{
    private readonly ReadOnlySpan<TensorBuffer> _boundary;
    private readonly TensorBuffer? _labels;
    private readonly ReadOnlySpan<long> _classes;
    private readonly TensorBuffer? _logits;

    public BufferSource(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, TensorBuffer? logits, long? logitsVersion)
    {
        _boundary = boundary;
        _labels = labels;
        _logits = logits;
        LogitsVersion = logitsVersion;
    }

    public BufferSource(ReadOnlySpan<TensorBuffer> boundary, ReadOnlySpan<long> classes, TensorBuffer? logits, long? logitsVersion)
    {
        _boundary = boundary;
        _classes = classes;
        _logits = logits;
        LogitsVersion = logitsVersion;
    }

    public long? LogitsVersion { get; }

    public void Measure(ReadOnlySpan<TensorSlot> boundary, TensorSlot labels, scoped Span<long> sizes)
    {
        if (_boundary.Length != boundary.Length)
            throw new ArgumentException($"The model has {boundary.Length} boundary tensors, not {_boundary.Length}.");
        for (int i = 0; i < boundary.Length; i++)
            Slots.Match(boundary[i], _boundary[i], sizes);
        if (_labels is not null)
            Slots.Match(labels, _labels, sizes);

        // One class number for each vector of scores: the scores tell sizes that no boundary tensor has.
        else if (_logits is { Dimensions.Length: > 0 } scores && scores.Dimensions.Length == labels.Rank + 1 && !labels.TryMatch(scores.Dimensions[..^1], sizes))
            throw new ArgumentException($"The scores {scores} do not fit '{labels}' and the tensors before it.");
    }

    public void Fill(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, TensorBuffer? logits)
    {
        for (int i = 0; i < boundary.Length; i++)
            _boundary[i].Bytes.CopyTo(boundary[i].Bytes);
        if (_labels is not null)
            _labels.Bytes.CopyTo(labels.Bytes);
        else
            Slots.WriteClasses(_classes, labels);
        if (logits is null)
            return;
        if (_logits is null || _logits.ElementType != logits.ElementType || !_logits.Dimensions.SequenceEqual(logits.Dimensions))
            throw new ArgumentException($"The cached logits must be {logits}, not {_logits}.");
        _logits.Bytes.CopyTo(logits.Bytes);
    }
}
