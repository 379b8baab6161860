namespace AutLearn.Compiler;

/// <summary>What the compiled models cost.</summary>
/// <remarks>
/// A multiplication and an addition count as one operation each. Symbolic dimensions other than the batch are taken as 64.
/// </remarks>
public sealed record CompileReport
{
    /// <summary>Gets the operations of one row's prediction.</summary>
    public required long ForwardFlops { get; init; }

    /// <summary>Gets the operations of one training step at the default batch size.</summary>
    public required long StepFlops { get; init; }

    /// <summary>Gets the operations of one training step with cached scores; null where there is no such model.</summary>
    public required long? CachedStepFlops { get; init; }

    /// <summary>Gets the number of trainable elements.</summary>
    public required long TrainableParameters { get; init; }

    /// <summary>Gets the number of floating-point elements that stay as they are.</summary>
    public required long FrozenParameters { get; init; }

    /// <summary>Gets an estimate of the most bytes that a training step's computed tensors take at once at the default batch size; inputs and outputs excluded.</summary>
    public required long PeakActivationBytes { get; init; }

    /// <summary>Gets the bytes that the boundary tensors take a row.</summary>
    public required long BoundaryBytesPerSample { get; init; }

    /// <summary>Gets the number of nodes of the inference model.</summary>
    public required int InferenceNodes { get; init; }

    /// <summary>Gets the number of nodes of the training step.</summary>
    public required int StepNodes { get; init; }

    /// <summary>Gets why there is no training step with cached scores; null where there is one.</summary>
    public required string? NoCachedStepBecause { get; init; }
}
