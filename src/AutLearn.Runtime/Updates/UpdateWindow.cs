using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Updates;

/// <summary>Counts the calls and labels of a window of accumulated gradients.</summary>
/// <remarks>
/// With g the gradient of a call's mean loss and w the weight of its labels, each call adds w g and w to two sums; the last of the window
/// applies their quotient and clears them. That is the gradient of the mean loss over all labels of the window, however they were split.
/// </remarks>
internal sealed class UpdateWindow
{
    private readonly ParameterSets _sets;
    private readonly int _steps;
    private readonly int _counter;
    private readonly int _total;
    private readonly int _labelWeight;

    private UpdateWindow(ParameterSets sets, int steps, int counter, int total, int labelWeight)
    {
        _sets = sets;
        _steps = steps;
        _counter = counter;
        _total = total;
        _labelWeight = labelWeight;
    }

    /// <summary>Gets the counters' places in a set.</summary>
    public IEnumerable<int> Scalars => [_counter, _total];

    /// <summary>Gets what the gradient of this call is weighed by; 0 where it is left out.</summary>
    public float Weight { get; private set; }

    /// <summary>Gets whether the window ends here.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Gets 1 / the weight of all labels of the window; 0 where there are none.</summary>
    public float Reciprocal { get; private set; }

    public static UpdateWindow? Of(ArtifactManifest manifest, ModelSignature signature, ParameterSets sets) => manifest is { Optimizer.AccumulationSteps: { } steps, LabelWeight: { } weight }
        ? new(sets, steps, UpdateStates.Require(manifest, sets, null, "micro_step"), UpdateStates.Require(manifest, sets, null, "accumulated_weight"), Array.FindIndex(signature.Outputs, o => o.Name == weight.Name))
        : null;

    /// <summary>Counts a call.</summary>
    /// <param name="plan">The gradient model's run; null for a call that only ends the window.</param>
    /// <param name="target">The set to write.</param>
    /// <param name="hasLabels">Whether a label of the call counts.</param>
    /// <returns>Whether the call updates.</returns>
    public bool Begin(RunPlan? plan, int target, bool hasLabels)
    {
        Weight = plan is null || !hasLabels ? 0 : WeightOf(plan.Outputs[_labelWeight]!);
        long count = _sets.Buffer(1 - target, _counter).Span<long>()[0] + 1;
        float total = _sets.Buffer(1 - target, _total).Span<float>()[0] + Weight;
        IsOver = plan is null || count >= _steps;
        Reciprocal = total > 0 ? 1 / total : 0;
        _sets.Buffer(target, _counter).Span<long>()[0] = IsOver ? 0 : count;
        _sets.Buffer(target, _total).Span<float>()[0] = IsOver ? 0 : total;
        return IsOver && total > 0;
    }

    private static float WeightOf(TensorBuffer weight) => weight.ElementType == ElementType.Float16 ? (float)weight.Span<Half>()[0] : weight.Span<float>()[0];
}
