using System.Collections.Immutable;
using AutLearn.Graph;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Testing.Gradients;

/// <summary>One row of the gradient table: a small forward model, its data, and what to compare its gradients with.</summary>
/// <param name="Name">What the row covers, after the operator: <c>broadcast</c>, <c>keepdims 0</c>.</param>
/// <param name="OpType">The operator that the row covers.</param>
public sealed record GradientCase(string Name, string OpType)
{
    /// <summary>Gets the operator's domain.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Gets the opset of the default domain.</summary>
    public long Opset { get; init; } = 21;

    /// <summary>Gets the inputs, in the operator's order unless <see cref="Build"/> says otherwise.</summary>
    public required ImmutableArray<CaseInput> Inputs { get; init; }

    /// <summary>Gets the attributes of the node that the default <see cref="Build"/> makes.</summary>
    public ImmutableArray<(string Name, AttributeValue Value)> Attributes { get; init; } = [];

    /// <summary>Gets the number of outputs of the node that the default <see cref="Build"/> makes.</summary>
    public int OutputCount { get; init; } = 1;

    /// <summary>Gets the element type of random inputs: Float64 wherever ONNX Runtime's CPU kernels take it.</summary>
    public ElementType ElementType { get; init; } = ElementType.Float64;

    /// <summary>Gets the forward computation in libtorch: all inputs in order (null where absent) to the floating-point outputs in order.</summary>
    public Func<TorchTensor[], TorchTensor[]>? Torch { get; init; }

    /// <summary>Gets the reason why libtorch has no counterpart; required where <see cref="Torch"/> is null.</summary>
    public string? NoTorchBecause { get; init; }

    /// <summary>Gets the reason why the special points or the whole case is no place for central differences; null where they apply.</summary>
    public string? NoDifferencesBecause { get; init; }

    /// <summary>Gets the factor on the tolerance of the reference and the differences; above 1 only with a reason beside it.</summary>
    public double ToleranceFactor { get; init; } = 1;

    /// <summary>Gets the forward model's construction; one node of the operator by default.</summary>
    public Func<ForwardGraph, IReadOnlyList<Value?>, IReadOnlyList<Value>>? Build { get; init; }

    /// <summary>Gets the row's full name.</summary>
    public string Id => $"{(Domain.Length > 0 ? Domain + "." : "")}{OpType}/{Name}";

    /// <inheritdoc/>
    public override string ToString() => Id;
}
