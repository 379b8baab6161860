using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>Applies the optimizer to what a gradient model computed: each gradient, parameter and state is read once and written once.</summary>
/// <remarks>
/// The same formulas as the operators of the whole step, within rounding. Reads the serving set and writes the other. Large tensors are
/// shared among threads in pieces whose bounds do not depend on how many there are, so the result does not either. One step at a time.
/// </remarks>
internal sealed class ParameterUpdate : IDisposable
{
    // A piece with all its tensors stays within a core's cache; less than that is not worth another thread.
    private const int PieceLength = 16_384;
    private const long ShareFrom = 4 * PieceLength;

    private readonly OptimizerSpec _optimizer;
    private readonly ParameterSets _sets;
    private readonly DenseTensor[] _dense;
    private readonly TableTensor[] _tables;
    private readonly Piece[] _pieces;
    private readonly bool[] _isOwn;
    private readonly SetDifference[] _differences;
    private readonly UpdateWindow? _window;
    private readonly WorkSharing _sharing;
    private readonly UpdateWalk _walk;
    private readonly int _stepCounter;
    private readonly bool _isWorthSharing;
    private readonly Action<int> _gather;
    private readonly Action<int> _square;
    private readonly Action<int> _update;
    private RunPlan? _plan;
    private int _target;
    private long _knownVersion = -1;

    /// <summary>Creates the update of a package that has gradient models.</summary>
    /// <param name="manifest">Describes the tensors.</param>
    /// <param name="signature">The gradient model's, plain or cached: both have the same outputs.</param>
    /// <param name="sets">Hold the tensors.</param>
    /// <param name="threads">How many threads share the work; 0 for one a processor.</param>
    /// <exception cref="InvalidArtifactException">The manifest lacks optimizer state.</exception>
    public ParameterUpdate(ArtifactManifest manifest, ModelSignature signature, ParameterSets sets, int threads)
    {
        _optimizer = manifest.Optimizer;
        _sets = sets;
        _dense = [.. manifest.Gradients.Where(g => g.Rows is null).Select(g => DenseTensor.Of(g, manifest, signature, sets))];
        _tables = [.. manifest.Gradients.Where(g => g.Rows is not null).GroupBy(g => g.Parameter).Select(g => new TableTensor(g, manifest, signature, sets))];
        _window = UpdateWindow.Of(manifest, signature, sets);
        _stepCounter = _optimizer.Kind is "adam" or "adamw" ? UpdateStates.Require(manifest, sets, null, "step") : -1;
        _pieces = [.. _dense.SelectMany((d, tensor) => Piece.Cut(tensor, sets.Buffer(0, d.Parameter).Count, PieceLength))];
        _isWorthSharing = _pieces.Sum(p => (long)p.Length) >= ShareFrom;
        _isOwn = new bool[sets.Count];
        foreach (int tensor in _dense.SelectMany(d => (int[])[d.Parameter, d.First, d.Second, d.Accumulated]).Concat(_tables.SelectMany(t => (int[])[t.Parameter, t.First, t.Second])).Append(_stepCounter).Concat(_window?.Scalars ?? []))
        {
            if (tensor >= 0)
                _isOwn[tensor] = true;
        }

        _differences = new SetDifference[sets.Count];
        _sharing = new(threads);
        _walk = new(sets, _optimizer, _dense, _tables, _pieces);
        _gather = piece => _walk.Gather(piece, _plan, _target);
        _square = piece => _walk.Square(piece, _plan, _target);
        _update = piece => _walk.Update(piece, _plan, _target);
    }

    /// <summary>Tells whether a tensor of a set is written here and not by the model.</summary>
    public bool Writes(int tensor) => _isOwn[tensor];

    /// <summary>Writes the next parameters and states.</summary>
    /// <param name="plan">The gradient model's run; null where a window only ends, which leaves all that the model writes as it is.</param>
    /// <param name="target">The set to write; the other serves.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="hasLabels">Whether any label of the batch counts; gradients without one are not looked at.</param>
    /// <param name="norm">The norm of all gradients together, where the optimizer clips by it and this call updates.</param>
    /// <returns>The first tensor that holds an infinity or NaN; -1 where every number is finite, or none was written because the norm is not.</returns>
    /// <exception cref="RunFailedException">The gradient of a table names rows that the table does not have.</exception>
    public int Apply(RunPlan? plan, int target, float rate, bool hasLabels, out float? norm)
    {
        norm = null;
        if (_knownVersion != _sets.Version)
            Array.Fill(_differences, SetDifference.Whole);
        _knownVersion = -1;
        (_plan, _target) = (plan, target);
        if (plan is null)
            KeepOthers(target);
        bool updates = _window is null || _window.Begin(plan, target, hasLabels);
        _walk.Begin(_window, rate, NextStep(target, updates));
        if (!updates)
        {
            Share(_gather);
            Keep(target);
            return _walk.FindNotFinite(target, _tables, isUpdate: false);
        }

        foreach (TableTensor table in _tables)
        {
            table.Gather(plan!);
            table.Renew(target, _differences[table.Parameter]);
        }

        if (_optimizer.ClipNorm is { } limit)
        {
            Share(_square);
            double length = Math.Sqrt(_walk.SumOfSquares(_tables));
            norm = double.IsFinite(length) ? (float)Math.Min(length, float.MaxValue) : float.NaN;
            if (float.IsNaN(norm.Value))
                return -1;
            _walk.Scale = (float)Math.Min(limit / (length + 1e-6), 1);
        }

        Share(_update);
        Array.Fill(_differences, SetDifference.Whole);
        foreach (TableTensor table in _tables)
        {
            _walk.Update(table, target);
            _differences[table.Parameter] = SetDifference.Rows;
        }

        return _walk.FindNotFinite(target, _tables, isUpdate: true);
    }

    /// <summary>Takes note that the set just written serves; what a refused step wrote never does.</summary>
    public void Committed(long version) => _knownVersion = version;

    public void Dispose() => _sharing.Dispose();

    private void Share(Action<int> work) => _sharing.Run(_pieces.Length, work, _isWorthSharing);

    private long NextStep(int target, bool updates)
    {
        if (_stepCounter < 0)
            return 0;
        long step = _sets.Buffer(1 - target, _stepCounter).Span<long>()[0] + (updates ? 1 : 0);
        _sets.Buffer(target, _stepCounter).Span<long>()[0] = step;
        return step;
    }

    // A call that does not update leaves parameters and states alone. Once both sets hold the same, nothing needs to be copied.
    private void Keep(int target)
    {
        foreach (DenseTensor tensor in _dense)
        {
            Keep(tensor.Parameter, target);
            Keep(tensor.First, target);
            Keep(tensor.Second, target);
        }
    }

    private void KeepOthers(int target)
    {
        for (int i = 0; i < _isOwn.Length; i++)
        {
            if (!_isOwn[i])
                Keep(i, target);
        }
    }

    private void Keep(int tensor, int target)
    {
        if (tensor < 0)
            return;
        if (_differences[tensor] != SetDifference.None)
            _sets.Buffer(1 - target, tensor).Bytes.CopyTo(_sets.Buffer(target, tensor).Bytes);
        _differences[tensor] = SetDifference.None;
        _sets.Magnitudes(target)[tensor] = _sets.Magnitudes(1 - target)[tensor];
    }
}
