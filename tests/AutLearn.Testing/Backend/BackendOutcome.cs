namespace AutLearn.Testing.Backend;

/// <summary>What became of one backend test.</summary>
public enum BackendOutcome
{
    /// <summary>Every gradient equals the central differences.</summary>
    Right,

    /// <summary>No gradient flows, by a rule that says why, or because the outputs do not depend on the inputs' values.</summary>
    Zero,

    /// <summary>No floating-point input leads to a floating-point output.</summary>
    NothingToDifferentiate,

    /// <summary>The gradient is refused; the node is named.</summary>
    Refused,

    /// <summary>ONNX Runtime does not run the model.</summary>
    NotRun,

    /// <summary>Something is wrong: reading, writing, a shape, an output or a gradient.</summary>
    Wrong,
}
