namespace AutLearn.Runtime;

/// <summary>How much ONNX Runtime rewrites a model before it runs.</summary>
public enum GraphOptimization
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Rewrites that need no knowledge of the device.</summary>
    Basic,

    /// <summary>Also fusions into operators of ONNX Runtime.</summary>
    Extended,

    /// <summary>Also layout changes for the processor.</summary>
    All,
}
