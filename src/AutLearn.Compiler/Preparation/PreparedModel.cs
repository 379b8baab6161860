using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Preparation;

/// <summary>A normalised model whose trainable parameters and buffers are inputs.</summary>
/// <remarks>Its outputs are the user's outputs, followed by the scores. Names stay valid in clones of the model.</remarks>
/// <param name="Model">The model; clone it before changing it.</param>
/// <param name="BatchSymbol">The symbol of the batch dimension.</param>
/// <param name="UserInputs">The user's inputs.</param>
/// <param name="Predictions">The user's outputs.</param>
/// <param name="Scores">The value that the loss reads.</param>
/// <param name="Trainable">The trainable parameters.</param>
/// <param name="Buffers">The running statistics that training updates.</param>
/// <param name="Initial">The initial trainable parameters and buffers by name.</param>
/// <param name="FrozenCount">The elements of all floating-point constants that stay as they are.</param>
/// <param name="Adapters">The low-rank adapters among the trainable parameters.</param>
/// <param name="Loss">The loss; of several tasks, with the columns that each has in scores and labels.</param>
internal sealed record PreparedModel(
    OnnxModel Model,
    string BatchSymbol,
    ImmutableArray<string> UserInputs,
    ImmutableArray<string> Predictions,
    string Scores,
    ImmutableArray<string> Trainable,
    ImmutableArray<string> Buffers,
    ImmutableSortedDictionary<string, Tensor> Initial,
    long FrozenCount,
    ImmutableArray<AdapterSpec> Adapters,
    Loss Loss)
{
    // Models may have as many inputs as nodes.
    private readonly HashSet<string> _userInputs = UserInputs.ToHashSet(StringComparer.Ordinal);

    /// <summary>Tells whether a value is one of the user's inputs.</summary>
    public bool IsUserInput(string name) => _userInputs.Contains(name);

    /// <summary>Gets what the step models take besides data: trainable parameters, then buffers.</summary>
    public IEnumerable<string> Parameters => Trainable.Concat(Buffers);
}
