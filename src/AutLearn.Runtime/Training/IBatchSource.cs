using AutLearn.Runtime.Execution;

namespace AutLearn.Runtime.Training;

/// <summary>Where a step or an evaluation takes its rows from.</summary>
internal interface IBatchSource
{
    /// <summary>Gets the version of the parameters that made the logits this source holds; null where it holds none.</summary>
    long? LogitsVersion { get; }

    /// <summary>Checks the rows against the slots and settles the sizes of the run.</summary>
    /// <exception cref="ArgumentException">The rows do not fit.</exception>
    void Measure(ReadOnlySpan<TensorSlot> boundary, TensorSlot labels, scoped Span<long> sizes);

    /// <summary>Copies the rows into the run's buffers.</summary>
    void Fill(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, TensorBuffer? logits);
}
