using System.Collections.Immutable;

namespace AutLearn.Graph;

/// <summary>A function defined inside a model. Its body is a graph whose values carry no types.</summary>
/// <param name="Domain">The domain of the operator it defines.</param>
/// <param name="Name">The operator it defines.</param>
/// <param name="Overload">The overload, or empty.</param>
/// <param name="OpsetImports">Version by domain.</param>
/// <param name="Attributes">Names of attributes without a default.</param>
/// <param name="AttributeDefaults">Attributes with a default.</param>
/// <param name="Body">The body; its inputs and outputs are the function's.</param>
/// <param name="DocString">The documentation, or null.</param>
public sealed record OnnxFunction(
    string Domain,
    string Name,
    string Overload,
    ImmutableSortedDictionary<string, long> OpsetImports,
    ImmutableArray<string> Attributes,
    ImmutableSortedDictionary<string, AttributeValue> AttributeDefaults,
    OnnxGraph Body,
    string? DocString)
{
    /// <summary>Gets the fields of the file's function that the IR does not model, encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; init; }
}
