using AutLearn.Runtime;
using AutLearn.Runtime.Offline;

namespace AutLearn.LearningProbe;

/// <summary>A history that grows with each training; a sample is a function of its id.</summary>
internal sealed class ProbeHistory(int training) : ISampleHistory
{
    public const int Trainings = 5;

    public static OfflineLearnerOptions Options => new()
    {
        Epochs = 8,
        BatchSize = 16,
        LearningRate = 0.003,
        CheckpointSteps = 3,
        Patience = 8,

        // Every training counts here, better or not: the probe is about durability.
        HoldOutFraction = 0,
    };

    public IReadOnlyList<HistorySample> List() => [.. Enumerable.Range(0, 100 + (20 * training)).Select(i => new HistorySample(i, LabelOf(i), 1000 + i))];

    public bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs)
    {
        Input((int)sample.Id).CopyTo(inputs[0].Span<float>());
        return true;
    }

    private static float[] Input(int id)
    {
        var random = new Random(id);
        return [.. Enumerable.Range(0, ProbeModel.Inputs).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private static long LabelOf(int id)
    {
        float[] input = Input(id);
        return (input[0] > 0 ? 1 : 0) + (input[1] > 0 ? 2 : 0);
    }
}
