using AutLearn.Runtime.Offline;

namespace AutLearn.Runtime.Tests.Offline;

/// <summary>Samples in memory: rows of <see cref="LinearArtifacts.Data"/>.</summary>
internal sealed class MemoryHistory : ISampleHistory
{
    private readonly Dictionary<long, float[]> _inputs = [];
    private readonly List<HistorySample> _samples = [];

    public int Reads { get; private set; }

    public HashSet<long> Broken { get; } = [];

    public static MemoryHistory Of(int rows, int seed = 5)
    {
        var history = new MemoryHistory();
        (float[] input, long[] labels) = LinearArtifacts.Data(rows, seed);
        for (int i = 0; i < rows; i++)
            history.Add(100 + i, input[(i * LinearArtifacts.Inputs)..((i + 1) * LinearArtifacts.Inputs)], labels[i]);
        return history;
    }

    public void Add(long id, float[] input, long label)
    {
        _inputs.Add(id, input);
        _samples.Add(new(id, label, BitConverter.SingleToInt32Bits(input[0])));
    }

    public void Remove(long id) => _samples.RemoveAll(s => s.Id == id);

    public void Relabel(int index, long label) => _samples[index] = _samples[index] with { Label = label };

    public IReadOnlyList<HistorySample> List() => [.. _samples];

    public bool TryRead(HistorySample sample, IReadOnlyList<TensorBuffer> inputs)
    {
        Reads++;
        if (Broken.Contains(sample.Id))
            return false;
        inputs[0].CopyFrom<float>(_inputs[sample.Id]);
        return true;
    }
}
