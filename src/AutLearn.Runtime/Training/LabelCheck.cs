using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Refuses labels that the loss is not defined for, before a native run reads them.</summary>
internal sealed class LabelCheck
{
    private readonly bool _areClasses;
    private readonly long _classes;
    private readonly long? _ignored;

    public LabelCheck(ArtifactManifest manifest)
    {
        _areClasses = manifest.Loss.Kind == "softmax_cross_entropy" && !manifest.Labels.ElementType.IsFloatingPoint();
        _ignored = manifest.Loss.IgnoreIndex;
        // Classes stand second, or last where the labels have the logits' leading dimensions.
        Shape logits = manifest.Logits.ToShape(), labels = manifest.Labels.ToShape();
        bool isLast = logits.Rank > 0 && labels.Equals(new Shape(logits.Take(logits.Rank - 1)));
        int axis = isLast ? logits.Rank - 1 : 1;
        _classes = logits.Rank > axis && logits[axis].IsKnown ? logits[axis].Size : long.MaxValue;
    }

    /// <summary>Counts the labels that are not ignored.</summary>
    /// <exception cref="ArgumentException">A label is out of range or not finite.</exception>
    public long Count(TensorBuffer labels) => labels.ElementType switch
    {
        ElementType.Int64 when _areClasses => CountClasses(labels.Span<long>()),
        ElementType.Int32 when _areClasses => CountClasses(labels.Span<int>()),
        ElementType.Float32 => CountNumbers(labels.Span<float>()),
        _ => labels.Count,
    };

    private long CountClasses(ReadOnlySpan<long> labels)
    {
        long count = 0;
        for (int i = 0; i < labels.Length; i++)
            count += Counts(labels[i], i) ? 1 : 0;
        return count;
    }

    private long CountClasses(ReadOnlySpan<int> labels)
    {
        long count = 0;
        for (int i = 0; i < labels.Length; i++)
            count += Counts(labels[i], i) ? 1 : 0;
        return count;
    }

    private bool Counts(long label, int index)
    {
        if (label == _ignored)
            return false;
        return label >= 0 && label < _classes
            ? true
            : throw new ArgumentException($"Label {index} is outside [0, {_classes}){(_ignored is { } i ? $" and is not the ignored label {i}" : "")}.");
    }

    private static long CountNumbers(ReadOnlySpan<float> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (!float.IsFinite(labels[i]))
                throw new ArgumentException($"Label {i} is not a finite number.", nameof(labels));
        }

        return labels.Length;
    }
}
