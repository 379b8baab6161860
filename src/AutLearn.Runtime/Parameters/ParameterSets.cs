using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Parameters;

/// <summary>Two sets of parameters and optimizer state: one serves, the other takes the next version.</summary>
/// <remarks>
/// Any number of readers hold the serving set while one writer fills the other. The swap is one assignment under the gate. A writer
/// waits until nobody reads the set it is about to overwrite, so a reader never sees a mixture of versions.
/// </remarks>
internal sealed class ParameterSets : IDisposable
{
    private static readonly TimeSpan CancellationInterval = TimeSpan.FromMilliseconds(20);

    private readonly object _gate = new();
    private readonly TensorBuffer[][] _buffers = [[], []];
    private readonly OrtValue[][] _values = [[], []];
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly double[][] _magnitudes;
    private readonly int[] _readers = [0, 0];
    private int _serving;
    private long _version;
    private bool _isClosed;

    public ParameterSets(ArtifactManifest manifest)
    {
        TensorSpec[] specs = [.. manifest.Parameters.Select(p => p.Tensor), .. manifest.OptimizerState.Select(s => s.Tensor)];
        for (int set = 0; set < 2; set++)
        {
            _buffers[set] = [.. specs.Select(s => new TensorBuffer(s.ElementType, s.ToShape().ToSizes()))];
            _values[set] = [.. _buffers[set].Select(OrtTensors.Over)];
        }

        for (int i = 0; i < specs.Length; i++)
            _indices.Add(specs[i].Name, i);
        Count = specs.Length;
        _magnitudes = [new double[Count], new double[Count]];
    }

    /// <summary>Gets the number of tensors: parameters first, then optimizer state.</summary>
    public int Count { get; }

    /// <summary>Gets the version of the serving set.</summary>
    public long Version => Volatile.Read(ref _version);

    public bool TryGetIndex(string name, out int index) => _indices.TryGetValue(name, out index);

    public TensorBuffer Buffer(int set, int index) => _buffers[set][index];

    public OrtValue Value(int set, int index) => _values[set][index];

    /// <summary>Holds the serving set; pair with <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException">The sets are closed.</exception>
    public int Acquire(out long version)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(PersonalModel));
            _readers[_serving]++;
            version = _version;
            return _serving;
        }
    }

    public void Release(int set)
    {
        lock (_gate)
        {
            if (--_readers[set] == 0)
                Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until nobody reads the set that does not serve, and returns it. One writer at a time; the caller sees to that.</summary>
    public int WaitForWritable(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(PersonalModel));
            int target = 1 - _serving;
            while (_readers[target] > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Monitor.Wait(_gate, CancellationInterval);
            }

            return target;
        }
    }

    /// <summary>Makes a completely written set serve.</summary>
    public void Commit(int set, long version)
    {
        lock (_gate)
        {
            _serving = set;
            Volatile.Write(ref _version, version);
        }
    }

    /// <summary>Copies the serving set into the other, which the caller is about to change in part.</summary>
    public void CopyServingTo(int target)
    {
        for (int i = 0; i < Count; i++)
            _buffers[1 - target][i].Bytes.CopyTo(_buffers[target][i].Bytes);
    }

    /// <summary>Gets what bounds the magnitude of each tensor of a set, in its order; for the writer alone.</summary>
    public Span<double> Magnitudes(int set) => _magnitudes[set];

    /// <summary>Measures every tensor of a set that was written otherwise than by a step.</summary>
    public void Measure(int set)
    {
        for (int i = 0; i < Count; i++)
            _magnitudes[set][i] = LargestMagnitude.Of(_buffers[set][i]);
    }

    /// <summary>Lets no new reader in and waits for those inside.</summary>
    /// <returns>False where the sets were closed before.</returns>
    public bool Close()
    {
        lock (_gate)
        {
            if (_isClosed)
                return false;
            _isClosed = true;
            while (_readers[0] + _readers[1] > 0)
                Monitor.Wait(_gate);
            return true;
        }
    }

    public Tensor Copy(int set, int index)
    {
        TensorBuffer buffer = _buffers[set][index];
        return new(buffer.ElementType, buffer.Dimensions, buffer.Bytes.ToArray());
    }

    public void Dispose()
    {
        foreach (OrtValue[] set in _values)
        {
            foreach (OrtValue value in set)
                value.Dispose();
        }
    }
}
