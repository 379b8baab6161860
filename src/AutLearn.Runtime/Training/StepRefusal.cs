using System.Globalization;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Training;

/// <summary>Says why a step was refused. Runs after a failure only, so it may take its time.</summary>
/// <param name="manifest">Describes the tensors.</param>
/// <param name="sets">Hold what the step wrote.</param>
/// <param name="compute">Computes a step again, from its run, into a set that does not serve.</param>
internal sealed class StepRefusal(ArtifactManifest manifest, ParameterSets sets, Action<ModelRunner, RunPlan, int> compute)
{
    private const string WindowRuined = "The gradients accumulated before it are too large to update with; they are dropped, and the next batch begins a new window.";

    /// <summary>Builds the error.</summary>
    /// <param name="runner">The step's model.</param>
    /// <param name="plan">Its inputs, still as they were, and what it wrote.</param>
    /// <param name="target">The set that the step wrote.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="gradientNorm">The gradient norm; null where the artifacts do not report it.</param>
    /// <param name="tensor">The first tensor of the set that is not finite; below 0 where loss or norm told before any was looked at.</param>
    /// <param name="version">The version that the step began from.</param>
    /// <param name="isWindowRuined">Whether the gradients accumulated before would be refused by themselves.</param>
    public NonFiniteStepException Explain(ModelRunner runner, RunPlan plan, int target, float loss, float? gradientNorm, int tensor, long version, bool isWindowRuined)
    {
        string what = !float.IsFinite(loss) ? $"its loss is {Text(loss)}"
            : tensor < 0 ? $"its gradient norm is {Text(gradientNorm ?? float.NaN)}"
            : $"it would leave {DescribeTensor(tensor)} with values that are not finite";
        return new($"The training step from version {version} was not applied: {what}. {(isWindowRuined ? WindowRuined : Cause(runner, plan, target, loss, tensor))}")
        {
            File = runner.Signature.File,
            Loss = loss,
            ParameterName = tensor < 0 ? null : ParameterOf(tensor),
            ParameterVersion = version,
        };
    }

    private string Cause(ModelRunner runner, RunPlan plan, int target, float loss, int tensor)
    {
        for (int i = 0; i < manifest.Boundary.Length; i++)
        {
            if (RowNotFinite(plan.Inputs[i], plan.Rows) is { } row)
                return $"Row {row} of '{manifest.Boundary[i].Tensor.Name}' holds a value that is not finite; leave that row out.";
        }

        if (!float.IsFinite(loss))
            return "The rows are finite, so the parameters are too large for them, or an operator before the loss is undefined there; go back to an earlier state or leave these rows out.";
        if (tensor < 0)
            return "The gradient is infinite, undefined, or so large that the sum of its squares overflows; leave these rows out, or scale the inputs down.";
        return AtRateZero(runner, plan, target) switch
        {
            Overflow.None => $"The gradient is finite, but a step at the learning rate {Text(Rate(plan)[0])} overflows; lower the learning rate.",
            Overflow.Squares => "The gradient is finite, but so large that its square overflows; leave these rows out, or scale the inputs down.",
            _ => "The gradient itself is infinite or undefined for these rows, as that of a root or a power below 1 is at 0; leave them out, or keep such operators away from 0.",
        };
    }

    // The same step with nothing to apply tells the gradient's part from the learning rate's. The set it writes does not serve.
    private Overflow AtRateZero(ModelRunner runner, RunPlan plan, int target)
    {
        float rate = Rate(plan)[0];
        Rate(plan)[0] = 0;
        try
        {
            compute(runner, plan, target);
            sets.Measure(target);
            Overflow found = Overflow.None;
            for (int i = 0; i < sets.Count; i++)
            {
                if (double.IsFinite(sets.Magnitudes(target)[i]))
                    continue;
                if (i < manifest.Parameters.Length || !manifest.OptimizerState[i - manifest.Parameters.Length].IsSumOfSquares)
                    return Overflow.Gradient;
                found = Overflow.Squares;
            }

            return found;
        }
        finally
        {
            Rate(plan)[0] = rate;
        }
    }

    // After boundary tensors and labels, as the signature orders them.
    private Span<float> Rate(RunPlan plan) => plan.Inputs[manifest.Boundary.Length + 1].Span<float>();

    private static long? RowNotFinite(TensorBuffer tensor, long rows)
    {
        int size = (int)(tensor.Bytes.Length / rows);
        for (int row = 0; row < rows; row++)
        {
            if (!double.IsFinite(LargestMagnitude.Of(tensor.Bytes.Slice(row * size, size), tensor.ElementType)))
                return row;
        }

        return null;
    }

    private string DescribeTensor(int tensor)
    {
        if (tensor < manifest.Parameters.Length)
            return $"the parameter '{manifest.Parameters[tensor].Tensor.Name}'";
        StateSpec state = manifest.OptimizerState[tensor - manifest.Parameters.Length];
        return state.Parameter is { } parameter ? $"the optimizer state '{state.Slot}' of the parameter '{parameter}'" : $"the optimizer state '{state.Tensor.Name}'";
    }

    private string? ParameterOf(int tensor) =>
        tensor < manifest.Parameters.Length ? manifest.Parameters[tensor].Tensor.Name : manifest.OptimizerState[tensor - manifest.Parameters.Length].Parameter;

    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);

    private enum Overflow
    {
        None,
        Squares,
        Gradient,
    }
}
