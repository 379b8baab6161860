namespace AutLearn.Graph.Artifacts;

/// <summary>Two matrices whose product is a parameter's gradient, so that a reader can bound the update without walking the parameter.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Left">A boundary tensor, or an output of the step models.</param>
/// <param name="Right">A boundary tensor, or an output of the step models.</param>
/// <param name="IncludesLearningRate">Whether the product is the gradient times the learning rate.</param>
/// <remarks>No entry of the product exceeds sum |left| max |right|. The factors may stand transposed or in other shapes.</remarks>
public sealed record GradientFactorsSpec(string Parameter, TensorSpec Left, TensorSpec Right, bool IncludesLearningRate);
