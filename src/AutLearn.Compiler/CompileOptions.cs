using System.Collections.Immutable;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler;

/// <summary>What to compile a model into.</summary>
public sealed class CompileOptions
{
    /// <summary>Gets or sets the model's name in the manifest.</summary>
    /// <value>The default is <c>model</c>.</value>
    public string ModelName { get; set; } = "model";

    /// <summary>Gets or sets which parameters training may change.</summary>
    /// <value>The default is the last layer.</value>
    public TrainableSelection Trainable { get; set; } = TrainableSelection.LastLayers(1);

    /// <summary>Gets or sets the low-rank adapters that are trained besides; null (the default) for none.</summary>
    /// <remarks>With <see cref="TrainableSelection.None"/> they are all that is trained.</remarks>
    public LowRankAdapter? Adapter { get; set; }

    /// <summary>Gets or sets the loss.</summary>
    /// <value>The default is softmax cross-entropy.</value>
    public Loss Loss { get; set; } = new SoftmaxCrossEntropyLoss();

    /// <summary>Gets or sets the optimizer.</summary>
    /// <value>The default is plain stochastic gradient descent.</value>
    public Optimizer Optimizer { get; set; } = new SgdOptimizer();

    /// <summary>Gets or sets the largest norm that all gradients together may have; longer ones are scaled down to it.</summary>
    /// <value>Above 0, or null (the default) for no limit.</value>
    /// <remarks>All gradients are multiplied by min(1, clip / (norm + 1e-6)). Pascanu et al., arXiv:1211.5063.</remarks>
    public double? ClipNorm { get; set; }

    /// <summary>Gets or sets the calls of the training step that share one update.</summary>
    /// <value>From 1 to 1,000,000. The default is 1: every call updates.</value>
    /// <remarks>
    /// With k above 1, calls sum their gradients, each weighed by the labels that count in it and their class weights, and each k-th call updates
    /// with their mean: the step on the whole batch, however it was split. Training loops update at the end of an epoch too, with the mean of
    /// what is there. The sums, the weight and a counter are optimizer state. The gradient norm is that of the mean, told by calls that update.
    /// Running statistics of batch normalisation follow every micro-batch.
    /// </remarks>
    public int AccumulationSteps { get; set; } = 1;

    /// <summary>Gets or sets a value indicating whether an update changes only those rows of a table that the batch read by Gather, such as the vectors of its words.</summary>
    /// <value>The default is false: all rows follow the optimizer. Plain gradient descent changes no other rows either way. Needs <see cref="AccumulationSteps"/> of 1.</value>
    /// <remarks>
    /// If true, other rows keep parameter and states: momentum and running means neither move nor fade there, and weights do not decay. Corrections of
    /// the bias count all steps. For Adam that is what PyTorch's SparseAdam does, but for where epsilon is added (here as in Adam). Tables that
    /// anything else reads too, such as a tied output layer, have gradients in all rows and are updated as a whole.
    /// </remarks>
    public bool LazyRows { get; set; }

    /// <summary>Gets or sets the value that the loss reads; null to find it.</summary>
    /// <value>
    /// By default what feeds a final Softmax, LogSoftmax or Sigmoid (for losses of unnormalised scores), else an output named <c>logits</c>,
    /// else the only output.
    /// </value>
    public string? LogitsName { get; set; }

    /// <summary>Gets or sets numbers that inputs are fixed to, by name: settings of the model, such as a sampling rate, that an app never changes.</summary>
    /// <value>The input becomes a constant of its declared type and shape that holds the number everywhere, for as many rows as the other inputs have. The default is none.</value>
    public ImmutableSortedDictionary<string, double> FixedInputs { get; set; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Gets or sets what batch normalisation does in the trained part.</summary>
    /// <value>The default is <see cref="NormalizationStatistics.Frozen"/>.</value>
    public NormalizationStatistics BatchNormalization { get; set; } = NormalizationStatistics.Frozen;

    /// <summary>Gets or sets a value indicating whether dropout in the trained part drops while training.</summary>
    /// <value>The default is false: dropout does nothing. If true, and there is any, the step models take a seed.</value>
    public bool TrainingDropout { get; set; }

    /// <summary>Gets or sets optimizer state to begin with, such as the moments that another trainer has gathered.</summary>
    /// <value>Each for a state that the optimizer keeps of a trained parameter, or counts. The default is empty: all begin at their initial values.</value>
    public ImmutableArray<OptimizerStateValue> InitialState { get; set; } = [];

    /// <summary>Gets or sets how raw input becomes the model's input; null where the app prepares tensors itself.</summary>
    public ImagePreprocessing? Preprocessing { get; set; }

    /// <summary>Gets or sets how text becomes input, with the tokenizer's files; stored in the artifacts.</summary>
    public TextArtifacts? Text { get; set; }

    /// <summary>Gets or sets which columns of a table the model reads and tells; null (the default) where its rows are no table's.</summary>
    public TableSpec? Table { get; set; }

    /// <summary>Gets or sets the class names by index; empty where unknown.</summary>
    public ImmutableArray<string> Classes { get; set; } = [];

    /// <summary>Gets or sets the training settings that the manifest recommends.</summary>
    /// <value>The default is a learning rate of 0.01, 16 rows a step and 5 epochs.</value>
    public TrainingDefaults Defaults { get; set; } = new(0.01, 16, 5);

    /// <summary>Gets or sets the gradient rules.</summary>
    /// <value>The default holds the rules of this library.</value>
    public GradientRegistry GradientRegistry { get; set; } = GradientRegistry.CreateDefault();

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(ModelName);
        if (ClipNorm is { } clip && (clip <= 0 || !double.IsFinite(clip)))
            throw new ArgumentOutOfRangeException(nameof(ClipNorm), clip, "The clipping norm is finite and above 0.");
        if (AccumulationSteps is < 1 or > 1_000_000)
            throw new ArgumentOutOfRangeException(nameof(AccumulationSteps), AccumulationSteps, "The accumulation steps lie in [1, 1,000,000].");
        if (ReferenceEquals(Trainable, TrainableSelection.None) && Adapter is null)
            throw new ArgumentException("Nothing is trained: choose parameters, or adapters.");
        if (Loss is MultiTaskLoss { WeighsLabels: true } && AccumulationSteps > 1)
            throw new ArgumentException("Several losses share an update over several calls only where every label counts alike: leave out class weights and ignored labels, or AccumulationSteps.");
        if (Loss is MultiTaskLoss && LogitsName is not null)
            throw new ArgumentException("Each task names the output that it reads; LogitsName is for one loss.");
        if (LazyRows && AccumulationSteps > 1)
            throw new ArgumentException("Rows that wait for their update cannot be told from others: LazyRows needs AccumulationSteps of 1.");
        if (Text?.Problem() is { } problem)
            throw new ArgumentException($"The text cannot be used: {problem}.");
        if (Defaults.LearningRate is not (> 0 and <= 1) || Defaults.BatchSize < 1 || Defaults.Epochs < 1)
            throw new ArgumentOutOfRangeException(nameof(Defaults), Defaults, "The learning rate lies in (0, 1]; batch size and epochs are at least 1.");
    }
}
