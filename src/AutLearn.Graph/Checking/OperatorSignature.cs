using System.Collections.Frozen;

namespace AutLearn.Graph.Checking;

/// <summary>What one version of an operator takes and gives.</summary>
/// <param name="SinceVersion">The first version of the domain it holds for.</param>
/// <param name="IsWithdrawn">Whether this version withdrew the operator.</param>
/// <param name="MinInputs">The fewest inputs.</param>
/// <param name="MaxInputs">The most inputs.</param>
/// <param name="MinOutputs">The fewest outputs.</param>
/// <param name="MaxOutputs">The most outputs.</param>
/// <param name="Attributes">The attributes.</param>
internal sealed record OperatorSignature(
    int SinceVersion,
    bool IsWithdrawn,
    int MinInputs,
    int MaxInputs,
    int MinOutputs,
    int MaxOutputs,
    FrozenDictionary<string, OperatorSignature.AttributeRule> Attributes)
{
    /// <summary>What one attribute must be.</summary>
    internal readonly record struct AttributeRule(AttributeKind Kind, bool IsRequired);
}
