using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>What <c>inspect</c> finds.</summary>
/// <param name="Model">The file.</param>
/// <param name="Opset">The version of the default operator domain.</param>
/// <param name="Nodes">The number of nodes.</param>
/// <param name="Parameters">The number of weights.</param>
/// <param name="ParameterBytes">Their size.</param>
/// <param name="Flops">Floating-point operations of one sample; null where a shape is unknown.</param>
/// <param name="KnownFlops">The same, counting only nodes whose shapes are known.</param>
/// <param name="UncountedNodes">The nodes whose shapes are unknown.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Outputs">The outputs.</param>
/// <param name="Operators">How often each operator occurs.</param>
/// <param name="Boundaries">Where the model can be cut in two by one tensor, from input to output.</param>
/// <param name="ParameterList">Every weight tensor and whether it can be trained.</param>
internal sealed record InspectReport(
    string Model,
    long Opset,
    int Nodes,
    long Parameters,
    long ParameterBytes,
    long? Flops,
    long KnownFlops,
    ImmutableArray<string> UncountedNodes,
    ImmutableArray<ValueReport> Inputs,
    ImmutableArray<ValueReport> Outputs,
    ImmutableArray<OperatorReport> Operators,
    ImmutableArray<BoundaryReport> Boundaries,
    ImmutableArray<ParameterReport> ParameterList);

/// <summary>An input or output.</summary>
internal sealed record ValueReport(string Name, string Type, string Shape);

/// <summary>An operator and how often it occurs.</summary>
internal sealed record OperatorReport(string Operator, int Count);

/// <summary>A place to cut.</summary>
/// <param name="Tensor">The tensor that would flow from backbone to head.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="BytesPerSample">What caching it costs; null where unknown.</param>
/// <param name="FirstHeadNode">The first node behind the cut.</param>
/// <param name="HeadParameters">Weights behind the cut.</param>
/// <param name="BackboneFlops">Operations of one sample before the cut.</param>
/// <param name="HeadFlops">Operations of one sample behind the cut.</param>
internal sealed record BoundaryReport(
    string Tensor, string Shape, long? BytesPerSample, string FirstHeadNode, long HeadParameters, long BackboneFlops, long HeadFlops);

/// <summary>A weight tensor.</summary>
/// <param name="Name">Its name, as <c>--trainable</c> matches it.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Elements">Its number of weights.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsTrainable">Whether it can be trained.</param>
/// <param name="Because">Why it cannot; null where it can.</param>
internal sealed record ParameterReport(string Name, string Type, string Shape, long Elements, long Bytes, bool IsTrainable, string? Because);
