namespace AutLearn.Graph.Artifacts;

/// <summary>The order of AdamW's operations, in which its implementations differ.</summary>
/// <remarks>With m and s the new means of gradient and squared gradient, t the number of the step from 1, and c1 = 1 - beta1^t, c2 = 1 - beta2^t.</remarks>
public enum AdamWForm
{
    /// <summary>PyTorch's: decay first, epsilon beside the corrected root. w' = (1 - lr decay) w - lr / c1 m / (sqrt(s / c2) + epsilon).</summary>
    /// <remarks>Mode 0 of ONNX Runtime's <c>AdamWOptimizer</c>.</remarks>
    Torch,

    /// <summary>Hugging Face transformers': epsilon beside the root as it is, decay last. w' = (1 - lr decay) (w - lr sqrt(c2) / c1 m / (sqrt(s) + epsilon)).</summary>
    /// <remarks>Mode 1 of ONNX Runtime's <c>AdamWOptimizer</c>, which its retired training tool wrote always.</remarks>
    Transformers,
}
