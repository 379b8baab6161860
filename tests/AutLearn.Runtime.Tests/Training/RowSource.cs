using AutLearn.Graph;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Tests.Training;

/// <summary>Rows of four numbers whose class depends on them; the first number of an unlabelled kind tells rows apart.</summary>
internal sealed class RowSource : ISampleSource
{
    private readonly float[] _input;
    private readonly long[] _labels;

    public RowSource(int count, int seed = 5)
    {
        (_input, _labels) = LinearArtifacts.Data(count, seed);
        Count = count;
    }

    public int Count { get; }

    public int Buckets { get; init; } = 1;

    public int FailsAt { get; init; } = -1;

    public int Reads { get; private set; }

    public TrainingSample Read(int index, int epoch)
    {
        Reads++;
        if (index == FailsAt)
            throw new InvalidDataException("The row is damaged.");
        return new([Tensor.Vector<float>(_input.AsSpan(index * LinearArtifacts.Inputs, LinearArtifacts.Inputs))], Tensor.Scalar(_labels[index]));
    }

    public int BucketOf(int index) => index % Buckets;

    /// <summary>Finds the row that a batch holds at a place.</summary>
    public int RowIn(TrainingBatch batch, int place)
    {
        float first = batch.Inputs[0].Span<float>()[place * LinearArtifacts.Inputs];
        return Enumerable.Range(0, Count).Single(i => _input[i * LinearArtifacts.Inputs] == first);
    }

    public async IAsyncEnumerable<TrainingSample> Stream(int epoch)
    {
        for (int i = 0; i < Count; i++)
        {
            await Task.Yield();
            yield return Read(i, epoch);
        }
    }
}
