using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Updates;

namespace AutLearn.Runtime.Training;

/// <summary>Finds what a step wrote that is not finite, and walks no more memory for it than it must.</summary>
/// <remarks>
/// Where the gradient is a product of two small matrices, these bound the update. A tensor whose bound is far within Float32 is finite and
/// is not walked; every other is. The bounds go on from version to version and become exact again with each walk.
/// </remarks>
internal sealed class FiniteCheck
{
    // Far enough within Float32 for the rounding of sums inside one product.
    private const double Limit = 1e37;

    private readonly OptimizerSpec _optimizer;
    private readonly ParameterSets _sets;
    private readonly Entry[] _entries;
    private readonly double[] _next;

    public FiniteCheck(ArtifactManifest manifest, ModelSignature step, ParameterSets sets)
    {
        _optimizer = manifest.Optimizer;
        _sets = sets;
        _next = new double[sets.Count];
        // The outputs of plain and cached steps have the same order, and so have the boundary tensors.
        _entries = [.. manifest.GradientFactors.Select(f => new Entry(
            UpdateStates.IndexOf(sets, f.Parameter),
            StateOf(manifest, sets, f.Parameter, "momentum", "exp_avg"),
            StateOf(manifest, sets, f.Parameter, "exp_avg_sq", "square_avg", "sum"),
            SourceOf(step, f.Left.Name),
            SourceOf(step, f.Right.Name),
            f.IncludesLearningRate))];
    }

    /// <summary>Finds the first tensor of a set, just written by a step, that holds an infinity or NaN.</summary>
    /// <param name="plan">The step's run.</param>
    /// <param name="target">The set; its bounds are renewed.</param>
    /// <param name="rate">The learning rate of the step.</param>
    /// <param name="update">Wrote the other tensors and knows about them; null where the step's model wrote all.</param>
    /// <returns>The tensor's index; -1 where every value is finite.</returns>
    public int FindNotFinite(RunPlan plan, int target, double rate, ParameterUpdate? update)
    {
        Array.Fill(_next, double.PositiveInfinity);
        foreach (ref readonly Entry entry in _entries.AsSpan())
        {
            if (update?.Writes(entry.Parameter) != true)
                Bound(entry, plan, target, rate);
        }

        Span<double> bounds = _sets.Magnitudes(target);
        for (int i = 0; i < bounds.Length; i++)
        {
            if (update?.Writes(i) == true)
                continue;
            if (_next[i] <= Limit)
                bounds[i] = _next[i];
            else if (!double.IsFinite(bounds[i] = LargestMagnitude.Of(_sets.Buffer(target, i))))
                return i;
        }

        return -1;
    }

    private void Bound(in Entry entry, RunPlan plan, int target, double rate)
    {
        int parameterCount = _sets.Buffer(target, entry.Parameter).Count;
        if (entry.Left.In(plan) is not { } left || entry.Right.In(plan) is not { } right || (long)left.Count + right.Count > parameterCount)
            return;
        // [M, K] [K, N]: K^2 = MK KN / MN
        double terms = Math.Ceiling(Math.Sqrt((double)left.Count * right.Count / parameterCount));
        double product = 2 * terms * LargestMagnitude.Of(left) * LargestMagnitude.Of(right);
        ReadOnlySpan<double> now = _sets.Magnitudes(1 - target);
        UpdateBound next = new UpdateBound(now[entry.Parameter], At(now, entry.Moment), At(now, entry.Squares))
            .Next(_optimizer, rate, entry.IncludesRate ? product / rate : product);
        // What comes out of the model in between must fit too.
        if (!(Math.Max(next.Parameter, Math.Max(next.Moment, next.Squares)) <= Limit))
            return;
        _next[entry.Parameter] = next.Parameter;
        if (entry.Moment >= 0)
            _next[entry.Moment] = next.Moment;
        if (entry.Squares >= 0)
            _next[entry.Squares] = next.Squares;
    }

    private static double At(ReadOnlySpan<double> magnitudes, int index) => index < 0 ? 0 : magnitudes[index];

    private static int StateOf(ArtifactManifest manifest, ParameterSets sets, string parameter, params ReadOnlySpan<string> slots)
    {
        foreach (string slot in slots)
        {
            if (UpdateStates.Find(manifest, sets, parameter, slot) is >= 0 and var index)
                return index;
        }

        return -1;
    }

    private static Source SourceOf(ModelSignature step, string name)
    {
        int output = Array.FindIndex(step.Outputs, o => o.Name == name);
        return output >= 0 ? new(output, IsOutput: true) : new(Array.FindIndex(step.Inputs, i => i.Name == name), IsOutput: false);
    }

    private readonly record struct Entry(int Parameter, int Moment, int Squares, Source Left, Source Right, bool IncludesRate);

    private readonly record struct Source(int Index, bool IsOutput)
    {
        public TensorBuffer? In(RunPlan plan) => Index < 0 ? null : IsOutput ? plan.Outputs[Index] : plan.Inputs[Index];
    }
}
