using AutLearn.Graph;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Tables;

/// <summary>Rows of a table with their labels.</summary>
/// <param name="inputs">The features of each row.</param>
/// <param name="labels">The labels of each row, without the batch dimension.</param>
internal sealed class TableSource(IReadOnlyList<float[]> inputs, IReadOnlyList<Tensor> labels) : ISampleSource
{
    public int Count => inputs.Count;

    public TrainingSample Read(int index, int epoch) => new([Tensor.Vector<float>(inputs[index])], labels[index]);
}
