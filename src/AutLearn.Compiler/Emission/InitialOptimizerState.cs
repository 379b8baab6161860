using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Finds the places of optimizer state that comes from elsewhere.</summary>
internal static class InitialOptimizerState
{
    /// <summary>Gets the given state by the names of its tensors.</summary>
    /// <exception cref="AutLearnException">The optimizer keeps no such state, or it cannot be as it is.</exception>
    public static ImmutableSortedDictionary<string, Tensor> Of(CompileOptions options, ImmutableArray<StateSpec> states)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, Tensor>(StringComparer.Ordinal);
        Dictionary<(string?, string), StateSpec> known = states.ToDictionary(s => (s.Parameter, s.Slot));
        foreach (OptimizerStateValue value in options.InitialState)
        {
            if (!known.TryGetValue((value.Parameter, value.Slot), out StateSpec? state))
                throw new AutLearnException($"The optimizer {options.Optimizer.Spec.Kind} keeps no state '{value.Slot}' {(value.Parameter is null ? "of its own" : $"of '{value.Parameter}'")} here. Leave it out of InitialState, or train that parameter.");
            if (state.FindProblem(value.Value) is { } problem)
                throw new AutLearnException($"InitialState cannot be used: {problem}.");
            if (!found.TryAdd(state.Tensor.Name, value.Value))
                throw new AutLearnException($"InitialState holds '{state.Tensor.Name}' twice.");
        }

        return found.ToImmutable();
    }
}
