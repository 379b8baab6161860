using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Updates;

namespace AutLearn.Runtime.Training;

/// <summary>Where a step that accumulates gradients stands in its window, and how it is told to end it.</summary>
/// <remarks>The window itself is optimizer state: saved, restored and refused with everything else.</remarks>
internal sealed class AccumulationWindow
{
    private readonly ParameterSets _sets;
    private readonly int _counter;
    private readonly int _weight;
    private readonly int _updateNow;
    private readonly int[] _state;

    private AccumulationWindow(ParameterSets sets, int[] state, int counter, int weight, int updateNow)
    {
        _sets = sets;
        _state = state;
        _counter = counter;
        _weight = weight;
        _updateNow = updateNow;
    }

    /// <summary>Finds the window of artifacts that accumulate; null for all others.</summary>
    /// <exception cref="InvalidArtifactException">The manifest lacks the window's state.</exception>
    public static AccumulationWindow? Of(ArtifactManifest manifest, ModelSignature step, ParameterSets sets) => manifest.UpdateNowInput is { } input
        ? new(sets, [.. StatesOf(manifest, sets)], UpdateStates.Require(manifest, sets, null, "micro_step"), UpdateStates.Require(manifest, sets, null, "accumulated_weight"), Array.FindIndex(step.Inputs, i => i.Name == input))
        : null;

    /// <summary>Tells whether a set holds gradients that wait for their update.</summary>
    public bool IsOpen(int set) => _sets.Buffer(set, _weight).Span<float>()[0] > 0;

    /// <summary>Tells whether the step that wrote a set ended its window.</summary>
    public bool HasEnded(int set) => _sets.Buffer(set, _counter).Span<long>()[0] == 0;

    /// <summary>Forgets the gradients that wait in a set.</summary>
    public void Clear(int set)
    {
        foreach (int index in _state)
            _sets.Buffer(set, index).Bytes.Clear();
    }

    public bool UpdatesNow(RunPlan plan) => plan.Inputs[_updateNow].Span<bool>()[0];

    public void Tell(RunPlan plan, bool updatesNow) => plan.Inputs[_updateNow].Span<bool>()[0] = updatesNow;

    private static IEnumerable<int> StatesOf(ArtifactManifest manifest, ParameterSets sets)
    {
        foreach (StateSpec state in manifest.OptimizerState.Where(s => s.Slot is "accumulated_gradient" or "accumulated_weight" or "micro_step"))
        {
            if (sets.TryGetIndex(state.Tensor.Name, out int index))
                yield return index;
        }
    }
}
