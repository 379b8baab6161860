using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>What one row takes in every tensor of a model, where rows are kept one by one.</summary>
/// <remarks>
/// Sizes that the model leaves open, such as the length of a sentence, are settled once. A shorter row is padded: its tensors with zeros, its
/// labels with the one that the loss ignores. Immutable; safe for use by several threads.
/// </remarks>
internal sealed class RowLayout
{
    private readonly ArtifactManifest _manifest;
    private readonly IReadOnlyDictionary<string, int> _sizes;
    private readonly long[][] _boundary;
    private readonly long[] _labels;
    private readonly long[] _logits;

    /// <summary>Settles the sizes.</summary>
    /// <param name="manifest">The model.</param>
    /// <param name="sizes">The sizes that it leaves open, by symbol; null for none.</param>
    /// <exception cref="NotSupportedException">A size is open and not given.</exception>
    /// <exception cref="ArgumentException">A size is below 1, or the model has no such open size.</exception>
    public RowLayout(ArtifactManifest manifest, IReadOnlyDictionary<string, int>? sizes = null)
    {
        _manifest = manifest;
        _sizes = sizes ?? new Dictionary<string, int>();
        foreach ((string symbol, int size) in _sizes)
        {
            if (size < 1)
                throw new ArgumentException($"The row size '{symbol}' is {size}; sizes are at least 1.", nameof(sizes));
            if (symbol == manifest.BatchSymbol || !Tensors(manifest).Any(t => t.Shape.Contains(symbol)))
                throw new ArgumentException($"The model leaves no size '{symbol}' open. Open are {Open(manifest)}.", nameof(sizes));
        }

        _boundary = [.. manifest.Boundary.Select(b => Settle(b.Tensor))];
        _labels = Settle(manifest.Labels);
        _logits = Settle(manifest.Logits);
        FeatureSizeInBytes = checked(manifest.Boundary.Zip(_boundary, (b, d) => SizeOf(b.Tensor.ElementType, d)).Sum());
        LabelSizeInBytes = SizeOf(manifest.Labels.ElementType, _labels);
        LogitsSizeInBytes = SizeOf(manifest.Logits.ElementType, _logits);
        IsClass = _labels.Length == 0 && manifest.Labels.ElementType == ElementType.Int64 && manifest.Loss.Kind == "softmax_cross_entropy";
    }

    /// <summary>Gets the bytes of one row: its part of every boundary tensor, one after the other.</summary>
    public int FeatureSizeInBytes { get; }

    /// <summary>Gets the bytes of one row's labels.</summary>
    public int LabelSizeInBytes { get; }

    /// <summary>Gets the bytes of one row of scores.</summary>
    public int LogitsSizeInBytes { get; }

    /// <summary>Gets the number of boundary tensors.</summary>
    public int BoundaryCount => _boundary.Length;

    /// <summary>Gets the labels of one row.</summary>
    public int LabelCount => (int)_labels.Aggregate(1L, (n, d) => n * d);

    /// <summary>Gets a value indicating whether a row's label is one class number.</summary>
    public bool IsClass { get; }

    /// <summary>Gets what the loss takes for labels, in words.</summary>
    public string Describe() => $"{_manifest.Labels.ElementType}[{string.Join(",", _labels)}] a row";

    /// <summary>Makes a buffer for some rows of a boundary tensor.</summary>
    public TensorBuffer Boundary(int index, int rows) => new(_manifest.Boundary[index].Tensor.ElementType, [rows, .. _boundary[index]]);

    /// <summary>Makes a buffer for the labels of some rows.</summary>
    public TensorBuffer Labels(int rows) => new(_manifest.Labels.ElementType, [rows, .. _labels]);

    /// <summary>Makes a buffer for the scores of some rows.</summary>
    public TensorBuffer Logits(int rows) => new(_manifest.Logits.ElementType, [rows, .. _logits]);

    /// <summary>Makes buffers of zeros for one row of the user's inputs.</summary>
    public TensorBuffer[] Inputs() =>
        [.. _manifest.Inputs.Select(i => new TensorBuffer(i.ElementType, i.Shape.Length > 0 && i.Shape[0] == _manifest.BatchSymbol ? [1, .. Settle(i)] : Settle(i.Shape, i)))];

    /// <summary>Makes labels of one row that count nothing: the ignored one where there is one, else zeros.</summary>
    public TensorBuffer EmptyLabels()
    {
        TensorBuffer labels = Labels(1);
        FillIgnored(labels.Bytes);
        return labels;
    }

    /// <summary>Copies one row of a run's boundary tensors into one span, padding what is shorter.</summary>
    /// <exception cref="ArgumentException">The row is larger than rows are here.</exception>
    public void CopyFeatures(ReadOnlySpan<TensorBuffer> boundary, int row, int rows, Span<byte> target)
    {
        for (int i = 0; i < boundary.Length; i++)
        {
            int size = SizeOf(boundary[i].ElementType, _boundary[i]);
            Copy(boundary[i], row, rows, _boundary[i], target[..size]);
            target = target[size..];
        }
    }

    /// <summary>Copies one row of scores, padding what is shorter.</summary>
    /// <exception cref="ArgumentException">The row is larger than rows are here.</exception>
    public void CopyLogits(TensorBuffer logits, int row, int rows, Span<byte> target) => Copy(logits, row, rows, _logits, target);

    /// <summary>Copies one row of labels, padding what is shorter with the ignored label.</summary>
    /// <exception cref="ArgumentException">The row is larger than rows are here, or shorter and no label is ignored.</exception>
    public void CopyLabels(TensorBuffer labels, int row, int rows, Span<byte> target)
    {
        if (labels.ElementType != _manifest.Labels.ElementType || labels.Dimensions.Length != 1 + _labels.Length)
            throw new ArgumentException($"The labels {labels} are not {Describe()}.", nameof(labels));
        if (!labels.Dimensions[1..].SequenceEqual(_labels))
            FillIgnored(target, mustIgnore: true);
        Copy(labels, row, rows, _labels, target, isCleared: true);
    }

    /// <summary>Writes a row's labels, fewer where the rest is ignored.</summary>
    /// <exception cref="ArgumentException">The model takes another number of labels.</exception>
    public void WriteLabels(ReadOnlySpan<long> labels, TensorBuffer row)
    {
        Prepare(labels.Length, row);
        switch (row.ElementType)
        {
            case ElementType.Int64:
                labels.CopyTo(row.Span<long>());
                break;
            case ElementType.Int32:
                Convert(labels, row.Span<int>(), static l => checked((int)l));
                break;
            default:
                WriteNumbers(labels, row, static l => l);
                break;
        }
    }

    /// <summary>Writes a row's labels.</summary>
    /// <exception cref="ArgumentException">The model takes other labels.</exception>
    public void WriteLabels(ReadOnlySpan<float> labels, TensorBuffer row)
    {
        if (!row.ElementType.IsFloatingPoint())
            throw new ArgumentException($"The model takes {Describe()}, not fractions.", nameof(labels));
        Prepare(labels.Length, row);
        WriteNumbers(labels, row, static l => l);
    }

    private void Prepare(int count, TensorBuffer row)
    {
        if (count > LabelCount || count == 0 || (count < LabelCount && !Ignores))
            throw new ArgumentException($"{count} labels are not {Describe()}.");
        if (count < LabelCount)
            FillIgnored(row.Bytes, mustIgnore: true);
    }

    private static void WriteNumbers<T>(ReadOnlySpan<T> labels, TensorBuffer row, Func<T, double> number)
    {
        switch (row.ElementType)
        {
            case ElementType.Float32:
                Convert(labels, row.Span<float>(), l => (float)number(l));
                break;
            case ElementType.Float16:
                Convert(labels, row.Span<Half>(), l => (Half)number(l));
                break;
            case ElementType.Float64:
                Convert(labels, row.Span<double>(), number);
                break;
            default:
                throw new ArgumentException($"Labels of type {row.ElementType} cannot be written as numbers. Pass a buffer.");
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to, Func<TFrom, TTo> convert)
    {
        for (int i = 0; i < from.Length; i++)
            to[i] = convert(from[i]);
    }

    /// <summary>Tells whether the features of a row hold numbers alone: no NaN, and no infinity but the negative one, which masks use.</summary>
    public bool HasNumbers(ReadOnlySpan<byte> features)
    {
        for (int i = 0; i < _boundary.Length; i++)
        {
            ElementType type = _manifest.Boundary[i].Tensor.ElementType;
            int size = SizeOf(type, _boundary[i]);
            if (!HasNumbers(type, features[..size]))
                return false;
            features = features[size..];
        }

        return true;
    }

    private static bool HasNumbers(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.Float32 => HasNumbers(MemoryMarshal.Cast<byte, float>(bytes)),
        ElementType.Float64 => HasNumbers(MemoryMarshal.Cast<byte, double>(bytes)),
        ElementType.Float16 => HasNumbers(MemoryMarshal.Cast<byte, Half>(bytes)),
        _ => true,
    };

    private static bool HasNumbers<T>(ReadOnlySpan<T> values)
        where T : IFloatingPointIeee754<T>
    {
        foreach (T value in values)
        {
            if (T.IsNaN(value) || T.IsPositiveInfinity(value))
                return false;
        }

        return true;
    }

    private static IEnumerable<TensorSpec> Tensors(ArtifactManifest manifest) =>
        manifest.Boundary.Select(b => b.Tensor).Concat(manifest.Inputs).Append(manifest.Labels).Append(manifest.Logits);

    private static string Open(ArtifactManifest manifest)
    {
        string[] open = [.. Tensors(manifest).SelectMany(t => t.Shape).Where(d => d != manifest.BatchSymbol && !IsNumber(d, out _)).Distinct().Select(d => $"'{d}'")];
        return open.Length == 0 ? "none" : string.Join(", ", open);
    }

    private static bool IsNumber(string dimension, out long size) => long.TryParse(dimension, NumberStyles.None, CultureInfo.InvariantCulture, out size);

    private static int SizeOf(ElementType type, long[] dimensions) => checked((int)type.SizeInBytes(dimensions.Aggregate(1L, (n, d) => checked(n * d))));

    private long[] Settle(TensorSpec spec) => Settle(spec.Shape.Skip(1), spec);

    private long[] Settle(IEnumerable<string> shape, TensorSpec spec) =>
        [.. shape.Select(d => IsNumber(d, out long size) ? size : _sizes.TryGetValue(d, out int given) ? given
            : throw new NotSupportedException($"Learning from single rows needs rows of one size; '{spec.Name}' is {spec} and leaves '{d}' open. Give it, as in RowSizes = {{ [\"{d}\"] = 32 }}: shorter rows are then padded."))];

    private bool Ignores => _manifest.Loss.IgnoreIndex is not null && _manifest.Labels.ElementType is (ElementType.Int64 or ElementType.Int32);

    private void FillIgnored(Span<byte> target, bool mustIgnore = false)
    {
        if (!Ignores || _manifest.Loss.IgnoreIndex is not { } ignored)
        {
            if (mustIgnore)
                throw new ArgumentException($"The labels are not {Describe()}, and the loss ignores none that could fill the rest. Compile it with an ignored label.");
            target.Clear();
        }
        else if (_manifest.Labels.ElementType == ElementType.Int64)
        {
            MemoryMarshal.Cast<byte, long>(target).Fill(ignored);
        }
        else
        {
            MemoryMarshal.Cast<byte, int>(target).Fill(checked((int)ignored));
        }
    }

    private static void Copy(TensorBuffer source, int row, int rows, long[] dimensions, Span<byte> target, bool isCleared = false)
    {
        int size = source.Bytes.Length / rows;
        ReadOnlySpan<byte> from = source.Bytes.Slice(row * size, size);
        ReadOnlySpan<long> actual = source.Dimensions[1..];
        if (actual.SequenceEqual(dimensions))
        {
            from.CopyTo(target);
            return;
        }

        if (actual.Length != dimensions.Length)
            throw new ArgumentException($"A row of {source} is not of the size [{string.Join(",", dimensions)}].");
        for (int i = 0; i < actual.Length; i++)
        {
            if (actual[i] > dimensions[i])
                throw new ArgumentException($"A row of {source} is larger than [{string.Join(",", dimensions)}], the size that rows have here. Cut it, or give a larger row size.");
        }

        if (!isCleared)
            target.Clear();
        Padding.Copy(from, actual, target, dimensions);
    }
}
