using System.Numerics.Tensors;

namespace AutLearn.Runtime.Online;

/// <summary>The mean direction of each class's features: a classifier from the first label on.</summary>
/// <remarks>Nearest mean of exemplars on normalised features, as in iCaRL (Rebuffi et al. 2017, arXiv:1611.07725, section 2.1). Safe for use by several threads.</remarks>
internal sealed class ClassMeans(int width)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (float[] Sum, int Count)> _classes = [];

    public int CountOf(long label)
    {
        lock (_lock)
            return _classes.TryGetValue(label, out (float[] Sum, int Count) known) ? known.Count : 0;
    }

    public void Add(ReadOnlySpan<float> features, long label)
    {
        float norm = TensorPrimitives.Norm(features);
        if (!(norm > 0) || !float.IsFinite(norm))
            return;
        lock (_lock)
        {
            (float[] sum, int count) = _classes.TryGetValue(label, out (float[] Sum, int Count) known) ? known : (new float[width], 0);
            TensorPrimitives.MultiplyAdd(features, 1 / norm, sum, sum);
            _classes[label] = (sum, count + 1);
        }
    }

    /// <summary>Finds the class whose mean is nearest in angle; false while there is no class.</summary>
    public bool TryNearest(ReadOnlySpan<float> features, out long label)
    {
        label = 0;
        float best = float.NegativeInfinity;
        lock (_lock)
        {
            foreach ((long candidate, (float[] sum, _)) in _classes)
            {
                float similarity = TensorPrimitives.Dot(features, sum) / TensorPrimitives.Norm<float>(sum);
                if (similarity > best)
                    (best, label) = (similarity, candidate);
            }
        }

        return best > float.NegativeInfinity;
    }

    public void Clear()
    {
        lock (_lock)
            _classes.Clear();
    }
}
