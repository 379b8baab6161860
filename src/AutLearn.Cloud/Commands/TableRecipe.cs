using AutLearn.Graph;

namespace AutLearn.Cloud.Commands;

/// <summary>A network that reads a table, to be built when its rows are known.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Build">Builds it from the rows that scales are taken from, their numbers to predict, and the number of outputs.</param>
internal sealed record TableRecipe(string Name, Func<IReadOnlyList<float[]>, IReadOnlyList<float[]>, int, OnnxModel> Build);
