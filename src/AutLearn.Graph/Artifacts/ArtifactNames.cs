namespace AutLearn.Graph.Artifacts;

/// <summary>The file names inside a set of artifacts.</summary>
public static class ArtifactNames
{
    /// <summary>The manifest.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>User inputs and parameters to predictions, logits and boundary tensors.</summary>
    public const string Inference = "inference.onnx";

    /// <summary>One training step from boundary tensors.</summary>
    public const string TrainStep = "train_step.onnx";

    /// <summary>One training step from boundary tensors and cached logits.</summary>
    public const string TrainStepCached = "train_step_cached.onnx";

    /// <summary>Gradients of one batch from boundary tensors, for a runtime that updates parameters itself.</summary>
    public const string Gradients = "gradients.onnx";

    /// <summary>Gradients of one batch from boundary tensors and cached logits.</summary>
    public const string GradientsCached = "gradients_cached.onnx";

    /// <summary>Loss and metrics without an update.</summary>
    public const string Evaluation = "eval.onnx";

    /// <summary>The initial parameters and buffers, in safetensors format.</summary>
    public const string Parameters = "parameters.safetensors";

    /// <summary>Optimizer state to begin with, in safetensors format by the names of the states; absent where all begin at their initial values.</summary>
    public const string OptimizerState = "optimizer_state.safetensors";

    /// <summary>The words of a text model, one a line by number; other tokenizers keep the names of their own files, in the same folder.</summary>
    public const string Vocabulary = "text/vocabulary.txt";

    /// <summary>The folder of the optional official training artifacts.</summary>
    public const string OrtTrainingFolder = "ort-training";
}
