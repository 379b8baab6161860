using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime.Storage;

namespace AutLearn.Runtime.Parameters;

/// <summary>Reads and replaces parameters as a whole. The caller holds the writer's lock around what writes.</summary>
internal sealed class ParameterStore
{
    private readonly ArtifactPackage _package;
    private readonly ParameterSets _sets;

    public ParameterStore(ArtifactPackage package, ParameterSets sets, Tensor?[] initial)
    {
        _package = package;
        _sets = sets;
        Fill(0, initial);
    }

    private ArtifactManifest Manifest => _package.Manifest;

    public Tensor Get(string name) => Get(IndexOf(name));

    /// <summary>Gets a copy of optimizer state.</summary>
    public Tensor GetState(string? parameter, string slot) => Get(IndexOf(parameter, slot));

    private Tensor Get(int index)
    {
        int set = _sets.Acquire(out _);
        try
        {
            return _sets.Copy(set, index);
        }
        finally
        {
            _sets.Release(set);
        }
    }

    /// <summary>Checks replacements before the writer's lock is taken.</summary>
    public List<(int Index, Tensor Tensor)> Check(IEnumerable<KeyValuePair<string, Tensor>> parameters)
    {
        var replacements = new List<(int Index, Tensor Tensor)>();
        foreach ((string name, Tensor tensor) in parameters)
        {
            int index = IndexOf(name);
            if (StateFile.Difference(Manifest.Parameters[index].Tensor, tensor) is { } difference)
                throw new ArgumentException($"The parameter {difference}.", nameof(parameters));
            if (!double.IsFinite(LargestMagnitude.Of(tensor.Bytes.Span, tensor.ElementType)))
                throw new ArgumentException($"The parameter '{name}' holds values that are not finite.", nameof(parameters));
            replacements.Add((index, tensor));
        }

        return replacements;
    }

    /// <inheritdoc cref="Check(IEnumerable{KeyValuePair{string, Tensor}})"/>
    public List<(int Index, Tensor Tensor)> Check(IEnumerable<OptimizerStateValue> states)
    {
        var replacements = new List<(int Index, Tensor Tensor)>();
        foreach (OptimizerStateValue state in states)
        {
            int index = IndexOf(state.Parameter, state.Slot);
            if (Manifest.OptimizerState[index - Manifest.Parameters.Length].FindProblem(state.Value) is { } problem)
                throw new ArgumentException($"{char.ToUpperInvariant(problem[0])}{problem[1..]}.", nameof(states));
            replacements.Add((index, state.Value));
        }

        return replacements;
    }

    public void Replace(List<(int Index, Tensor Tensor)> replacements)
    {
        int target = _sets.WaitForWritable(CancellationToken.None);
        _sets.CopyServingTo(target);
        foreach ((int index, Tensor tensor) in replacements)
            tensor.Bytes.Span.CopyTo(_sets.Buffer(target, index).Bytes);
        _sets.Measure(target);
        _sets.Commit(target, _sets.Version + 1);
    }

    /// <summary>Replaces everything; optimizer state that the tensors do not reach starts anew.</summary>
    public void ReplaceAll(Tensor?[] tensors, long version)
    {
        int target = _sets.WaitForWritable(CancellationToken.None);
        Fill(target, tensors);
        // A version never stands for two sets of values, so that cached logits are never taken for fresh ones.
        _sets.Commit(target, Math.Max(version, _sets.Version + 1));
    }

    /// <summary>Replaces everything unless the version is another than the one given, which becomes the new version.</summary>
    public bool TryReplaceAll(Tensor[] tensors, ref long version)
    {
        if (_sets.Version != version)
            return false;
        ReplaceAll(tensors, version: 0);
        version = _sets.Version;
        return true;
    }

    public byte[] Export()
    {
        var parameters = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        int set = _sets.Acquire(out _);
        try
        {
            for (int i = 0; i < Manifest.Parameters.Length; i++)
                parameters.Add(Manifest.Parameters[i].Tensor.Name, _sets.Copy(set, i));
        }
        finally
        {
            _sets.Release(set);
        }

        return OnnxFile.ToBytes(ModelExport.Bake(_package, parameters));
    }

    private int IndexOf(string name) =>
        _sets.TryGetIndex(name, out int index) && index < Manifest.Parameters.Length
            ? index
            : throw new ArgumentException($"There is no parameter '{name}'.", nameof(name));

    private int IndexOf(string? parameter, string slot) =>
        Manifest.OptimizerState.FirstOrDefault(s => s.Parameter == parameter && s.Slot == slot) is { } state && _sets.TryGetIndex(state.Tensor.Name, out int index)
            ? index
            : throw new ArgumentException($"The optimizer {Manifest.Optimizer.Kind} keeps no state '{slot}' {(parameter is null ? "of its own" : $"of '{parameter}'")}.", nameof(slot));

    private void Fill(int set, Tensor?[] tensors)
    {
        for (int i = 0; i < _sets.Count; i++)
        {
            if (i < tensors.Length && tensors[i] is { } tensor)
                tensor.Bytes.Span.CopyTo(_sets.Buffer(set, i).Bytes);
            else
                InitialState.Write(Manifest.OptimizerState[i - Manifest.Parameters.Length], _sets.Buffer(set, i));
        }

        _sets.Measure(set);
    }
}
