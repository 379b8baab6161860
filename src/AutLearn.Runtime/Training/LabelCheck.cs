using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Refuses labels that the loss is not defined for, before a native run reads them.</summary>
internal sealed class LabelCheck
{
    private const string RowKey = "row";
    private const string BinaryCrossEntropy = "binary_cross_entropy_with_logits";

    private readonly bool _areClasses;
    private readonly long _classes;
    private readonly long? _ignored;
    private readonly ImmutableArray<TaskSpec> _tasks;
    private readonly bool _areShares;

    public LabelCheck(ArtifactManifest manifest)
    {
        _areClasses = manifest.Loss.Kind == "softmax_cross_entropy" && !manifest.Labels.ElementType.IsFloatingPoint();
        _ignored = manifest.Loss.IgnoreIndex;
        _areShares = manifest.Loss.Kind == BinaryCrossEntropy;
        _tasks = manifest.Loss.Tasks.IsDefault ? [] : manifest.Loss.Tasks;
        // Classes stand second, or last where the labels have the logits' leading dimensions.
        Shape logits = manifest.Logits.ToShape(), labels = manifest.Labels.ToShape();
        bool isLast = logits.Rank > 0 && labels.Equals(new Shape(logits.Take(logits.Rank - 1)));
        int axis = isLast ? logits.Rank - 1 : 1;
        _classes = logits.Rank > axis && logits[axis].IsKnown ? logits[axis].Size : long.MaxValue;
    }

    /// <summary>Gets the row in its batch whose label <see cref="Count"/> has refused, so that loops can say where it comes from; null for other errors.</summary>
    public static int? RowOf(ArgumentException error) => error.Data[RowKey] as int?;

    /// <summary>Counts the labels that are not ignored.</summary>
    /// <exception cref="ArgumentException">A label is out of range or not finite; <see cref="RowOf"/> tells which row's.</exception>
    public long Count(TensorBuffer labels) => labels.ElementType switch
    {
        ElementType.Int64 when _areClasses => CountClasses<long>(labels, labels.Span<long>()),
        ElementType.Int32 when _areClasses => CountClasses<int>(labels, labels.Span<int>()),
        ElementType.Float32 when !_tasks.IsEmpty => CountTasks(labels, labels.Span<float>()),
        ElementType.Float32 => CountNumbers<float>(labels, labels.Span<float>()),
        ElementType.Float64 => CountNumbers<double>(labels, labels.Span<double>()),
        ElementType.Float16 => CountNumbers<Half>(labels, labels.Span<Half>()),
        _ => labels.Count,
    };

    /// <summary>Gets whether a label is one of the loss's classes or the ignored one.</summary>
    public bool Allows(long label) => !_areClasses || label == _ignored || IsClass(label);

    /// <summary>Gets whether every label of a row is the ignored one.</summary>
    public bool IsRowIgnored(TensorBuffer labels, int row, int rows)
    {
        int size = labels.Count / rows;
        if (!_tasks.IsEmpty)
            return IsRowIgnored(labels.Span<float>().Slice(row * size, size));
        return _areClasses && _ignored is { } ignored && labels.ElementType switch
        {
            ElementType.Int64 => !labels.Span<long>().Slice(row * size, size).ContainsAnyExcept(ignored),
            ElementType.Int32 => ignored == (int)ignored && !labels.Span<int>().Slice(row * size, size).ContainsAnyExcept((int)ignored),
            _ => false,
        };
    }

    private bool IsRowIgnored(ReadOnlySpan<float> row)
    {
        foreach (TaskSpec task in _tasks)
        {
            if (task.Loss.IgnoreIndex is not { } ignored || row.Slice(task.FirstLabel, task.LabelCount).ContainsAnyExcept((float)ignored))
                return false;
        }

        return true;
    }

    private bool IsClass(long label) => label >= 0 && label < _classes;

    private long CountClasses<T>(TensorBuffer labels, ReadOnlySpan<T> values)
        where T : IBinaryInteger<T>
    {
        long count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            long label = long.CreateChecked(values[i]);
            if (label == _ignored)
                continue;
            if (!IsClass(label))
                throw Invalid(labels, i, $"{label}", $"is outside [0, {_classes}){(_ignored is { } ignored ? $" and is not the ignored label {ignored}" : "")}");
            count++;
        }

        return count;
    }

    private long CountNumbers<T>(TensorBuffer labels, ReadOnlySpan<T> values)
        where T : IFloatingPoint<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!T.IsFinite(values[i]))
                throw Invalid(labels, i, values[i].ToString(null, CultureInfo.InvariantCulture), "is not a finite number");

            // Beyond, the loss has no least value and drives the scores to infinity.
            if (_areShares && (values[i] < T.Zero || values[i] > T.One))
                throw Invalid(labels, i, values[i].ToString(null, CultureInfo.InvariantCulture), "does not lie in [0, 1], between no and yes");
        }

        return values.Length;
    }

    private long CountTasks(TensorBuffer labels, ReadOnlySpan<float> values)
    {
        long count = CountNumbers<float>(labels, values);
        int columns = _tasks[^1].FirstLabel + _tasks[^1].LabelCount;
        foreach (TaskSpec task in _tasks)
        {
            bool areShares = task.Loss.Kind == BinaryCrossEntropy;
            if (task.Classes is null && !areShares)
                continue;
            for (int row = 0; row < values.Length / columns; row++)
            {
                for (int i = task.FirstLabel; i < task.FirstLabel + task.LabelCount; i++)
                {
                    float label = values[(row * columns) + i];
                    if (areShares && (label is < 0 or > 1))
                        throw Invalid(labels, (row * columns) + i, label.ToString(CultureInfo.InvariantCulture), $"of the task '{task.Output}' does not lie in [0, 1], between no and yes");
                    if (task.Classes is not { } classes)
                        continue;
                    if (label == task.Loss.IgnoreIndex)
                        count--;
                    else if (label != MathF.Floor(label) || label < 0 || label >= classes)
                        throw Invalid(labels, (row * columns) + i, label.ToString(CultureInfo.InvariantCulture), $"is no class of the task '{task.Output}', whose labels are whole numbers in [0, {classes})");
                }
            }
        }

        return count;
    }

    private static ArgumentException Invalid(TensorBuffer labels, int index, string label, string why)
    {
        int perRow = labels.Dimensions.IsEmpty ? 1 : (int)(labels.Count / labels.Dimensions[0]);
        string position = perRow > 1 ? $" at position {index % perRow}" : "";
        return new($"The label {label} of row {index / perRow}{position} {why}.") { Data = { [RowKey] = index / perRow } };
    }
}
