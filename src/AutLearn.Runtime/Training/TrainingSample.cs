using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Runtime.Training;

/// <summary>One row of training data. Immutable; safe for use by several threads.</summary>
/// <param name="Inputs">One tensor a user input of the manifest, in its order, without the batch dimension.</param>
/// <param name="Labels">As the manifest describes, without the batch dimension: a scalar for one class a row.</param>
public sealed record TrainingSample(ImmutableArray<Tensor> Inputs, Tensor Labels);
