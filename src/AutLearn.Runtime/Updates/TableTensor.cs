using System.Numerics.Tensors;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>A parameter of which a step touches a few rows, and the sums of their gradients.</summary>
/// <remarks>Used by one step at a time.</remarks>
internal sealed class TableTensor
{
    private readonly ParameterSets _sets;
    private readonly string _name;
    private readonly string _file;
    private readonly (int Slices, int Rows)[] _parts;
    private readonly int[] _tensors;
    private readonly int _rowCount;

    // Where the sum of a row's gradients stands among those of the touched rows; below 0 for all others.
    private readonly int[] _slots;
    private readonly List<int> _touched = [];
    private readonly List<int> _touchedBefore = [];
    private float[] _sums = [];

    public TableTensor(IEnumerable<GradientSpec> parts, ArtifactManifest manifest, ModelSignature signature, ParameterSets sets)
    {
        _sets = sets;
        _file = signature.File;
        _parts = [.. parts.Select(p => (OutputOf(signature, p.Gradient.Name), OutputOf(signature, p.Rows!.Name)))];
        _name = parts.First().Parameter;
        Parameter = UpdateStates.IndexOf(sets, _name);
        (First, Second) = UpdateStates.Of(manifest, sets, _name);
        _tensors = [.. ((int[])[Parameter, First, Second]).Where(t => t >= 0)];
        _rowCount = (int)sets.Buffer(0, Parameter).Dimensions[0];
        RowSize = _rowCount == 0 ? 0 : sets.Buffer(0, Parameter).Count / _rowCount;
        _slots = new int[_rowCount];
        Array.Fill(_slots, -1);
        Wide = sets.Buffer(0, Parameter).ElementType == ElementType.Float16 ? new float[RowSize] : [];
    }

    public int Parameter { get; }

    public int First { get; }

    public int Second { get; }

    /// <summary>Gets the numbers of one row.</summary>
    public int RowSize { get; }

    /// <summary>Gets room for a row of half precision, widened.</summary>
    public float[] Wide { get; }

    /// <summary>Gets the rows with a gradient, each once.</summary>
    public IReadOnlyList<int> Touched => _touched;

    /// <summary>Gets the gradient of the i-th touched row.</summary>
    public Span<float> GradientOf(int i) => _sums.AsSpan(i * RowSize, RowSize);

    /// <summary>Adds up the gradients of each row, in the order in which the rows come.</summary>
    /// <exception cref="RunFailedException">A row is outside of the table.</exception>
    public void Gather(RunPlan plan)
    {
        _touchedBefore.Clear();
        _touchedBefore.AddRange(_touched);
        foreach (int row in _touched)
            _slots[row] = -1;
        _touched.Clear();
        foreach ((int slices, int rows) in _parts)
            Gather(plan.Outputs[slices]!, plan.Outputs[rows]!);
    }

    /// <summary>Makes a set equal to the serving one but for the rows that are touched now.</summary>
    public void Renew(int target, SetDifference difference)
    {
        foreach (int tensor in _tensors)
        {
            Span<byte> from = _sets.Buffer(1 - target, tensor).Bytes, to = _sets.Buffer(target, tensor).Bytes;
            if (difference == SetDifference.Whole)
                from.CopyTo(to);
            if (difference != SetDifference.Rows || _touchedBefore.Count == 0)
                continue;
            int size = from.Length / _rowCount;
            foreach (int row in _touchedBefore)
                from.Slice(row * size, size).CopyTo(to[(row * size)..]);
        }
    }

    private void Gather(TensorBuffer slices, TensorBuffer rows)
    {
        bool isLong = rows.ElementType == ElementType.Int64;
        for (int i = 0; i < rows.Count; i++)
        {
            long given = isLong ? rows.Span<long>()[i] : rows.Span<int>()[i], row = given < 0 ? given + _rowCount : given;
            if (row < 0 || row >= _rowCount)
                throw new RunFailedException($"The row {given} of '{_name}' is outside of its {_rowCount} rows.") { File = _file };
            Span<float> sum = SumOf((int)row, out bool isNew);
            if (slices.ElementType == ElementType.Float16)
                AddHalf(slices.Span<Half>().Slice(i * RowSize, RowSize), sum, isNew);
            else if (isNew)
                slices.Span<float>().Slice(i * RowSize, RowSize).CopyTo(sum);
            else
                TensorPrimitives.Add(sum, slices.Span<float>().Slice(i * RowSize, RowSize), sum);
        }
    }

    private Span<float> SumOf(int row, out bool isNew)
    {
        isNew = _slots[row] < 0;
        if (isNew)
        {
            _slots[row] = _touched.Count;
            _touched.Add(row);
            if (_touched.Count * RowSize > _sums.Length)
                Array.Resize(ref _sums, Math.Max(2 * _sums.Length, _touched.Count * RowSize));
        }

        return GradientOf(_slots[row]);
    }

    private static void AddHalf(ReadOnlySpan<Half> slice, Span<float> sum, bool isNew)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] = isNew ? (float)slice[i] : sum[i] + (float)slice[i];
    }

    private static int OutputOf(ModelSignature signature, string name) => Array.FindIndex(signature.Outputs, o => o.Name == name);
}
