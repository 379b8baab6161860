using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime;

/// <summary>Boundary tensors and labels of many examples: what training the head needs, computed once for all epochs.</summary>
/// <remarks>
/// Stays valid while the backbone is the same, whatever the parameters do. Get one from
/// <see cref="PersonalModel.CreateFeatureSet()"/>. Safe for reading by several threads; not while rows are added.
/// </remarks>
public sealed class FeatureSet
{
    private readonly ArtifactManifest _manifest;
    private readonly RowLayout? _layout;

    internal FeatureSet(ArtifactManifest manifest, RowLayout? layout = null)
    {
        _manifest = manifest;
        _layout = layout;
        Boundary = new FeatureColumn[manifest.Boundary.Length];
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i] = new();
    }

    private FeatureSet(FeatureSet source, ReadOnlySpan<int> rows)
    {
        _manifest = source._manifest;
        _layout = source._layout;
        Boundary = new FeatureColumn[source.Boundary.Length];
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i] = source.Boundary[i].Select(rows);
        Labels = source.Labels.Select(rows);
        Rows = rows.Length;
    }

    /// <summary>Gets the number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Gets the bytes that the rows take.</summary>
    public long SizeInBytes => Boundary.Sum(b => (long)b.Bytes.Length) + Labels.Bytes.Length;

    internal FeatureColumn[] Boundary { get; }

    internal FeatureColumn Labels { get; } = new();

    /// <summary>Adds the rows of a prediction with their classes.</summary>
    /// <param name="predicted">A batch that has run.</param>
    /// <param name="classes">One a label of the batch, in row order.</param>
    /// <exception cref="ArgumentException">The batch is of another model or has not run, the count differs, or rows differ in size.</exception>
    public void Add(PredictionBatch predicted, params ReadOnlySpan<long> classes)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        CheckRan(predicted);
        TensorBuffer labels = LabelsFor(_manifest, predicted.Logits, predicted.Rows, classes.Length);
        Slots.WriteClasses(classes, labels);
        Keep(predicted, labels);
    }

    /// <summary>Adds the rows of a prediction with numbers as labels: what is to be predicted, 0 and 1 for each tag, or the labels of all tasks.</summary>
    /// <param name="predicted">A batch that has run.</param>
    /// <param name="values">One a label of the batch, in row order.</param>
    /// <exception cref="ArgumentException">The model takes other labels, the batch is of another model or has not run, the count differs, or rows differ in size.</exception>
    public void Add(PredictionBatch predicted, params ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        CheckRan(predicted);
        TensorBuffer labels = LabelsFor(_manifest, predicted.Logits, predicted.Rows, values.Length);
        Slots.WriteNumbers(values, labels);
        Keep(predicted, labels);
    }

    /// <summary>Adds the rows of a prediction with labels of any type.</summary>
    /// <param name="predicted">A batch that has run.</param>
    /// <param name="labels">As <see cref="ArtifactManifest.Labels"/> describes, as many rows as the batch.</param>
    /// <exception cref="ArgumentException">The batch is of another model or has not run, or labels or rows differ in type or size.</exception>
    public void Add(PredictionBatch predicted, TensorBuffer labels)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        ArgumentNullException.ThrowIfNull(labels);
        CheckRan(predicted);
        if (labels.ElementType != _manifest.Labels.ElementType || labels.Dimensions.Length != _manifest.Labels.Shape.Length || labels.Dimensions.IsEmpty || labels.Dimensions[0] != predicted.Rows)
            throw new ArgumentException($"The labels {labels} do not fit {predicted.Rows} rows of {_manifest.Labels.ElementType}[{string.Join(",", _manifest.Labels.Shape)}].", nameof(labels));
        Keep(predicted, labels);
    }

    /// <summary>Adds all rows of another set.</summary>
    /// <param name="other">Of the same backbone, not this set.</param>
    /// <exception cref="ArgumentException">The set has no rows, is of another backbone, or its rows differ in size.</exception>
    public void Append(FeatureSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(other, this))
            throw new ArgumentException("A set cannot be appended to itself.", nameof(other));
        other.CheckBackbone(_manifest);
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i].Expect(other.Boundary[i]);
        Labels.Expect(other.Labels);
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i].Append(other.Boundary[i].Bytes);
        Labels.Append(other.Labels.Bytes);
        Rows += other.Rows;
    }

    /// <summary>Returns a copy of some rows, in the given order; a row may stand more than once.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public FeatureSet Select(params ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row, nameof(rows));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows, nameof(rows));
        }

        return new(this, rows);
    }

    /// <summary>Checks that the rows exist and are of a model's backbone.</summary>
    internal void CheckBackbone(ArtifactManifest manifest)
    {
        if (Rows == 0)
            throw new ArgumentException("The feature set has no rows.");
        if (_manifest.BackboneSha256 != manifest.BackboneSha256)
            throw new ArgumentException("The feature set comes from a model with another backbone. Extract the features again.");
    }

    /// <summary>Settles the sizes of a run over some of the rows.</summary>
    internal void Measure(int rows, ReadOnlySpan<TensorSlot> boundary, TensorSlot labels, scoped Span<long> sizes)
    {
        if (rows == 0)
            throw new ArgumentException("There are no rows.");
        for (int i = 0; i < boundary.Length; i++)
            Measure(rows, boundary[i], Boundary[i], sizes);
        Measure(rows, labels, Labels, sizes);
    }

    private static void Measure(int rows, TensorSlot slot, FeatureColumn column, Span<long> sizes)
    {
        Span<long> dimensions = stackalloc long[1 + column.RowDimensions.Length];
        dimensions[0] = rows;
        column.RowDimensions.CopyTo(dimensions[1..]);
        if (!slot.TryMatch(dimensions, sizes))
            throw new ArgumentException($"The rows of the feature set do not fit '{slot}'; they come from another model.");
    }

    internal void Add(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, int rows)
    {
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i].Expect(boundary[i]);
        Labels.Expect(labels);
        for (int i = 0; i < Boundary.Length; i++)
            Boundary[i].Append(boundary[i].Bytes);
        Labels.Append(labels.Bytes);
        Rows += rows;
    }

    // Row by row where rows are padded to one size.
    private void Keep(PredictionBatch predicted, TensorBuffer labels)
    {
        int rows = predicted.Rows;
        if (_layout is null)
        {
            Add(predicted.BoundaryBuffers, labels, rows);
            return;
        }

        var padded = new RowBuffers(_layout, rows);
        byte[] features = new byte[_layout.FeatureSizeInBytes];
        for (int row = 0; row < rows; row++)
        {
            _layout.CopyFeatures(predicted.BoundaryBuffers, row, rows, features);
            _layout.CopyLabels(labels, row, rows, padded.LabelOf(row));
            padded.Set(row, features, padded.LabelOf(row));
        }

        Add(padded.Boundary, padded.Labels, rows);
    }

    private void CheckRan(PredictionBatch predicted)
    {
        if (predicted.ParameterVersion < 0 || predicted.Manifest != _manifest)
            throw new ArgumentException("The batch is of another model or has not run.", nameof(predicted));
    }

    /// <summary>Makes a buffer for labels that are given one after the other.</summary>
    /// <exception cref="ArgumentException">The count does not fit.</exception>
    internal static TensorBuffer LabelsFor(ArtifactManifest manifest, TensorBuffer scores, int rows, int count)
    {
        // One class number for each vector of scores.
        if (scores.Dimensions.Length == manifest.Labels.Shape.Length + 1 && scores.Dimensions.Length > 2)
            return new(manifest.Labels.ElementType, scores.Dimensions[..^1]);
        Shape shape = manifest.Labels.ToShape();
        if (count == 0 || count % rows != 0 || shape.Rank == 0)
            throw new ArgumentException($"{count} labels do not fit {rows} rows.");
        // Labels of one number a row are the usual case; further dimensions must be known or be the one open size.
        long[] dimensions = [.. shape.Select(d => d.IsKnown ? d.Size : 0)];
        dimensions[0] = rows;
        long known = dimensions.Where(d => d > 0).Aggregate(1L, (a, b) => a * b);
        int open = Array.IndexOf(dimensions, 0);
        if (open >= 0)
            dimensions[open] = count / known;
        if (dimensions.Aggregate(1L, (a, b) => a * b) != count)
            throw new ArgumentException($"{count} labels do not fit {rows} rows of shape [{string.Join(",", manifest.Labels.Shape)}].");
        return new(manifest.Labels.ElementType, dimensions);
    }
}
