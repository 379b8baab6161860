using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Storage;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Training;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime;

/// <summary>A model on the device that predicts and learns: compiled artifacts with one person's parameters.</summary>
/// <remarks>
/// Safe for use by several threads. Predictions, evaluations and saving run beside training: each works on the parameters that were
/// committed when it began and never sees a part of an update. Training steps and other changes of parameters come one at a time. A step
/// that fails, is cancelled, or would leave anything that is not finite leaves parameters, optimizer state and version as they were.
/// </remarks>
public sealed class PersonalModel : IDisposable
{
    private const int EvaluationBatch = 64;

    private readonly ArtifactPackage _package;
    private readonly string _path;
    private readonly PersonalModelOptions _options;
    private readonly ParameterSets _sets;
    private readonly ParameterStore _store;
    private readonly Predictor _predictor;
    private readonly StepEngine _engine;
    private readonly Lock _writer = new();
    private PredictionBatch? _rawBatch;

    private PersonalModel(ArtifactPackage package, string path, PersonalModelOptions options, ILogger logger)
    {
        _package = package;
        _path = path;
        _options = options;
        Logger = logger;
        var factory = new SessionFactory(package, options, logger);
        Tensor?[] initial = StateFile.LoadInitial(package);
        _sets = new(Manifest);
        _store = new(package, _sets, initial);
        _predictor = new(Manifest, factory, _sets);
        _engine = new(package, factory, _sets, options, logger);
    }

    /// <summary>Gets the description of the artifacts.</summary>
    public ArtifactManifest Manifest => _package.Manifest;

    /// <summary>Gets the parameters that training changes, in the order of the manifest.</summary>
    public IReadOnlyList<ParameterSpec> Parameters => Manifest.Parameters;

    /// <summary>Gets the version of the parameters: 0 as compiled, one more with each update. No version stands for two sets of values.</summary>
    public long ParameterVersion => _sets.Version;

    internal ILogger Logger { get; }

    internal bool IsTrainingLoaded => _engine.IsTrainingLoaded;

    internal ParameterSets Sets => _sets;

    internal StepEngine Engine => _engine;

    /// <summary>Opens artifacts.</summary>
    /// <param name="path">The folder or <c>.autlearn</c> file that the compiler wrote. It stays open until the model is disposed.</param>
    /// <param name="options">How the model runs; null for the defaults.</param>
    /// <param name="logger">Takes messages without user data; null for none.</param>
    /// <exception cref="InvalidArtifactException">The artifacts are damaged or of another version.</exception>
    /// <exception cref="RunFailedException">An execution provider is not available.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <remarks>Each of the models inside is loaded, and its hash checked, when it is first needed.</remarks>
    public static PersonalModel Open(string path, PersonalModelOptions? options = null, ILogger<PersonalModel>? logger = null)
    {
        using Observers.GuardedActivity activity = Observers.Start("autlearn.open");
        options ??= new();
        ValidateOptionsResult valid = new PersonalModelOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(PersonalModelOptions), typeof(PersonalModelOptions), valid.Failures);
        PersonalModel model = OpenAt(path, options.Copy(), Observers.Guard(logger));
        Log.ModelOpened(model.Logger, model.Manifest.ModelName, model.Parameters.Count);
        return model;
    }

    /// <summary>Reads a file of the artifacts and checks its hash, such as a tokenizer's.</summary>
    /// <param name="name">A path of the manifest's file list.</param>
    /// <exception cref="InvalidArtifactException">The manifest lists no such file, or the file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public ReadOnlyMemory<byte> ReadFile(string name) => _package.Read(name);

    /// <summary>Creates a batch whose inputs the caller writes in place.</summary>
    /// <param name="rows">At least 1.</param>
    /// <returns>A batch that the caller disposes; it can serve any number of runs.</returns>
    /// <exception cref="ArgumentException">An input's size depends on more than the rows; use the overload of Predict that takes buffers.</exception>
    /// <exception cref="RunFailedException">The model cannot be loaded.</exception>
    public PredictionBatch CreateBatch(int rows) => _predictor.CreateBatch(rows);

    /// <summary>Creates a batch of the sizes of some inputs, whose values are not read.</summary>
    internal PredictionBatch CreateBatch(ReadOnlySpan<TensorBuffer> inputs) => _predictor.CreateBatch(inputs);

    /// <summary>Predicts from the inputs that stand in the batch. Allocates nothing after the first run.</summary>
    /// <param name="batch">From this model; its outputs are overwritten.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as before.</exception>
    public void Predict(PredictionBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _predictor.Predict(batch, cancellationToken);
    }

    /// <summary>Predicts from one Float32 input into a batch, whose size follows the input. Allocates nothing once the size has been seen.</summary>
    /// <param name="input">Whole rows, row-major.</param>
    /// <param name="batch">From this model; its outputs are overwritten.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <exception cref="ArgumentException">The model has not one Float32 input, or the values make no whole number of rows.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as before.</exception>
    public void Predict(ReadOnlySpan<float> input, PredictionBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _predictor.Predict(input, batch, cancellationToken);
    }

    /// <summary>Predicts from one Float32 input.</summary>
    /// <param name="input">Row-major, <paramref name="rows"/> rows.</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <returns>A batch that the caller disposes.</returns>
    /// <exception cref="ArgumentException">The model has not one Float32 input, or the values make another number of rows.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as before.</exception>
    public PredictionBatch Predict(ReadOnlySpan<float> input, int rows, CancellationToken cancellationToken = default) =>
        _predictor.Predict(input, rows, cancellationToken);

    /// <summary>Predicts from inputs of any number, type and shape.</summary>
    /// <param name="inputs">One an input of the manifest, in its order, all with the same number of rows.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <returns>A batch that the caller disposes.</returns>
    /// <exception cref="ArgumentException">A tensor does not fit.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as before.</exception>
    public PredictionBatch Predict(ReadOnlySpan<TensorBuffer> inputs, CancellationToken cancellationToken = default) =>
        _predictor.Predict(inputs, cancellationToken);

    /// <summary>Trains one step on the one Float32 boundary tensor. Allocates nothing once the size has been seen.</summary>
    /// <param name="features">Whole rows, row-major.</param>
    /// <param name="classes">One class number a label.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <exception cref="ArgumentException">Rows or labels do not fit, or a label is out of range.</exception>
    /// <exception cref="NonFiniteStepException">The loss, a gradient, or a parameter after the step is not finite; the step was not applied.</exception>
    /// <exception cref="RunFailedException">The native run failed; the step was not applied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the step was not applied.</exception>
    public StepResult TrainStep(ReadOnlySpan<float> features, ReadOnlySpan<long> classes, double learningRate, CancellationToken cancellationToken = default) =>
        Applied(Step(new FeatureSpanSource(features, classes), learningRate, cancellationToken));

    /// <summary>Trains one step on boundary tensors.</summary>
    /// <param name="boundary">One a boundary tensor of the manifest, in its order.</param>
    /// <param name="labels">As the manifest describes.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <inheritdoc cref="TrainStep(ReadOnlySpan{float}, ReadOnlySpan{long}, double, CancellationToken)" path="/exception"/>
    public StepResult TrainStep(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, double learningRate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return Applied(Step(new BufferSource(boundary, labels, logits: null, logitsVersion: null), learningRate, cancellationToken));
    }

    /// <summary>Trains one step on boundary tensors and the logits that inference computed from them.</summary>
    /// <param name="boundary">One a boundary tensor of the manifest, in its order.</param>
    /// <param name="logits">As the manifest describes.</param>
    /// <param name="logitsVersion">The parameter version of every row of the logits. Where it is not the current one, the logits are computed again.</param>
    /// <param name="labels">As the manifest describes.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <inheritdoc cref="TrainStep(ReadOnlySpan{float}, ReadOnlySpan{long}, double, CancellationToken)" path="/exception"/>
    public StepResult TrainStep(
        ReadOnlySpan<TensorBuffer> boundary, TensorBuffer logits, long logitsVersion, TensorBuffer labels, double learningRate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        return Applied(Step(new BufferSource(boundary, labels, logits, logitsVersion), learningRate, cancellationToken));
    }

    /// <summary>Trains one step on what a prediction computed; its logits serve where no update came between.</summary>
    /// <param name="predicted">A batch of this model that has run.</param>
    /// <param name="classes">One class number a label.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <inheritdoc cref="TrainStep(ReadOnlySpan{float}, ReadOnlySpan{long}, double, CancellationToken)" path="/exception"/>
    public StepResult TrainStep(PredictionBatch predicted, ReadOnlySpan<long> classes, double learningRate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        if (!_predictor.Made(predicted) || predicted.ParameterVersion < 0)
            throw new ArgumentException("The batch is of another model or has not run.", nameof(predicted));
        return Applied(Step(new BufferSource(predicted.BoundaryBuffers, classes, predicted.Logits, predicted.ParameterVersion), learningRate, cancellationToken));
    }

    /// <summary>Trains one step on what a prediction computed, with numbers as labels: what is to be predicted, 0 and 1 for each tag, or the labels of all tasks.</summary>
    /// <param name="predicted">A batch of this model that has run.</param>
    /// <param name="values">One a label, in row order.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <inheritdoc cref="TrainStep(ReadOnlySpan{float}, ReadOnlySpan{long}, double, CancellationToken)" path="/exception"/>
    public StepResult TrainStep(PredictionBatch predicted, ReadOnlySpan<float> values, double learningRate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        if (!_predictor.Made(predicted) || predicted.ParameterVersion < 0)
            throw new ArgumentException("The batch is of another model or has not run.", nameof(predicted));
        TensorBuffer labels = FeatureSet.LabelsFor(Manifest, predicted.Logits, predicted.Rows, values.Length);
        Slots.WriteNumbers(values, labels);
        return Applied(Step(new BufferSource(predicted.BoundaryBuffers, labels, predicted.Logits, predicted.ParameterVersion), learningRate, cancellationToken));
    }

    /// <summary>Trains one step on one raw Float32 input: one inference run, then one step on what it computed.</summary>
    /// <param name="input">Whole rows, row-major.</param>
    /// <param name="classes">One class number a label.</param>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the step is then not applied.</param>
    /// <inheritdoc cref="TrainStep(ReadOnlySpan{float}, ReadOnlySpan{long}, double, CancellationToken)" path="/exception"/>
    public StepResult TrainStepOnInputs(ReadOnlySpan<float> input, ReadOnlySpan<long> classes, double learningRate, CancellationToken cancellationToken = default)
    {
        lock (_writer)
        {
            _rawBatch ??= CreateBatch(_predictor.RowsOf(input));
            Predict(input, _rawBatch, cancellationToken);
            return TrainStep(_rawBatch, classes, learningRate, cancellationToken);
        }
    }

    /// <summary>Updates with the gradients that micro-steps have gathered so far, where the model was compiled to accumulate them.</summary>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="cancellationToken">Also stops the native run; the update is then not applied.</param>
    /// <returns>Whether any waited for an update; false always for a model that does not accumulate.</returns>
    /// <exception cref="NonFiniteStepException">A parameter after the update is not finite; it was not applied.</exception>
    /// <exception cref="RunFailedException">The native run failed; the update was not applied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the update was not applied.</exception>
    /// <remarks>Training loops do this at the end of each epoch, so that no gradient is lost or mixed with those of the next.</remarks>
    public bool ApplyAccumulated(double learningRate, CancellationToken cancellationToken = default)
    {
        lock (_writer)
            return _engine.EndWindow(learningRate, cancellationToken);
    }

    /// <summary>Creates an empty feature set for this model.</summary>
    public FeatureSet CreateFeatureSet() => new(Manifest);

    /// <summary>Creates an empty feature set whose rows are padded to one size.</summary>
    /// <param name="rowSizes">The sizes of a row that the model leaves open, by symbol, such as the length of a sentence. Shorter rows are padded: tensors with zeros, labels with the one that the loss ignores.</param>
    /// <exception cref="NotSupportedException">A size is open and not given.</exception>
    /// <exception cref="ArgumentException">A size is below 1, or the model has no such open size.</exception>
    public FeatureSet CreateFeatureSet(IReadOnlyDictionary<string, int> rowSizes) => new(Manifest, new RowLayout(Manifest, rowSizes));

    /// <summary>Computes the boundary tensors of examples, once for all epochs.</summary>
    /// <param name="input">The one Float32 input, whole rows, row-major.</param>
    /// <param name="classes">As many class numbers a row as the labels take, in row order.</param>
    /// <param name="batchSize">Rows a run, at least 1. The default is 16.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <exception cref="ArgumentException">Rows or labels do not fit.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FeatureSet ExtractFeatures(ReadOnlySpan<float> input, ReadOnlySpan<long> classes, int batchSize = 16, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        int rows = _predictor.RowsOf(input);
        if (classes.Length == 0 || classes.Length % rows != 0)
            throw new ArgumentException($"{classes.Length} labels do not fit {rows} rows.", nameof(classes));
        int rowElements = input.Length / rows, rowLabels = classes.Length / rows;
        FeatureSet features = CreateFeatureSet();
        using PredictionBatch batch = CreateBatch(Math.Min(rows, batchSize));
        for (int start = 0; start < rows; start += batchSize)
        {
            int count = Math.Min(batchSize, rows - start);
            Predict(input.Slice(start * rowElements, count * rowElements), batch, cancellationToken);
            features.Add(batch, classes.Slice(start * rowLabels, count * rowLabels));
        }

        return features;
    }

    /// <summary>Computes the boundary tensors of examples of any inputs and labels, once for all epochs.</summary>
    /// <param name="inputs">One an input of the manifest, in its order.</param>
    /// <param name="labels">As <see cref="ArtifactManifest.Labels"/> describes, as many rows.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <exception cref="ArgumentException">Inputs or labels do not fit.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <remarks>All rows run together; give many rows in parts and join the sets (<see cref="FeatureSet.Append"/>).</remarks>
    public FeatureSet ExtractFeatures(ReadOnlySpan<TensorBuffer> inputs, TensorBuffer labels, CancellationToken cancellationToken = default)
    {
        FeatureSet features = CreateFeatureSet();
        using PredictionBatch batch = Predict(inputs, cancellationToken);
        features.Add(batch, labels);
        return features;
    }

    /// <summary>Measures loss and accuracy without an update.</summary>
    /// <param name="features">From this model or one of the same backbone; at least one row.</param>
    /// <param name="cancellationToken">Also stops the native run.</param>
    /// <exception cref="ArgumentException">There is no row, or the rows are of another model.</exception>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public EvaluationResult Evaluate(FeatureSet features, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        features.CheckBackbone(Manifest);
        var sum = new EvaluationSum();
        Span<int> rows = stackalloc int[EvaluationBatch];
        int set = _sets.Acquire(out long version);
        try
        {
            for (int start = 0; start < features.Rows; start += EvaluationBatch)
            {
                int count = Math.Min(EvaluationBatch, features.Rows - start);
                for (int i = 0; i < count; i++)
                    rows[i] = start + i;
                _engine.Evaluate(new FeatureRowsSource(features, rows[..count]), set, sum, cancellationToken);
            }
        }
        finally
        {
            _sets.Release(set);
        }

        return sum.Result(version);
    }

    /// <summary>Gets a copy of a parameter or buffer.</summary>
    /// <exception cref="ArgumentException">There is no such parameter.</exception>
    public Tensor GetParameter(string name) => _store.Get(name);

    /// <summary>Replaces parameters together; the others and the optimizer state stay.</summary>
    /// <param name="parameters">By name, with the types and shapes of <see cref="Parameters"/>.</param>
    /// <exception cref="ArgumentException">There is no such parameter, or its type or shape differs; nothing is changed.</exception>
    public void SetParameters(IEnumerable<KeyValuePair<string, Tensor>> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        List<(int Index, Tensor Tensor)> replacements = _store.Check(parameters);
        lock (_writer)
            _store.Replace(replacements);
    }

    /// <summary>Gets a copy of optimizer state, such as a mean gradient.</summary>
    /// <param name="parameter">The parameter that it belongs to; null for a counter.</param>
    /// <param name="slot">What it is, as in <see cref="ArtifactManifest.OptimizerState"/>.</param>
    /// <exception cref="ArgumentException">The optimizer keeps no such state.</exception>
    public Tensor GetOptimizerState(string? parameter, string slot) => _store.GetState(parameter, slot);

    /// <summary>Replaces optimizer state together, such as the moments that another trainer has gathered; parameters and the other state stay.</summary>
    /// <param name="state">Each of the type and shape that <see cref="ArtifactManifest.OptimizerState"/> describes. Set Adam's <c>step</c> along with its moments: their bias is corrected by it.</param>
    /// <exception cref="ArgumentException">The optimizer keeps no such state, its type or shape differs, or it holds what cannot be; nothing is changed.</exception>
    /// <remarks>The version grows by one. <see cref="SaveState"/> keeps what was set; <see cref="Reset"/> goes back to what the artifacts begin with.</remarks>
    public void SetOptimizerState(IEnumerable<OptimizerStateValue> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        List<(int Index, Tensor Tensor)> replacements = _store.Check(state);
        lock (_writer)
            _store.Replace(replacements);
    }

    /// <summary>Goes back to the parameters and the optimizer state as compiled. The version grows by one.</summary>
    /// <exception cref="InvalidArtifactException">The artifacts have been damaged since they were opened.</exception>
    public void Reset()
    {
        Tensor?[] initial = StateFile.LoadInitial(_package);
        lock (_writer)
            _store.ReplaceAll(initial, version: 0);
    }

    /// <summary>Saves parameters, optimizer state and version: into a temporary file of the owner alone, flushed to the disk, then renamed.</summary>
    /// <param name="path">Replaced if it exists. What was learned is personal: <see cref="PersonalFile.Erase"/> forgets the file.</param>
    /// <param name="key">Seals the file; null writes plain safetensors.</param>
    /// <exception cref="IOException">The file cannot be written; what was there is intact.</exception>
    public void SaveState(string path, ProfileKey? key = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        StateFile.Save(path, Manifest, _sets, key);
    }

    /// <summary>Loads what <see cref="SaveState"/> saved; training goes on bit by bit as it would have.</summary>
    /// <param name="path">The file; what a killed save left beside it is erased.</param>
    /// <param name="key">The key that sealed it; null where it is plain. A plain file from before there was a key is read too.</param>
    /// <exception cref="InvalidArtifactException">The file is damaged, sealed with another key, or of another backbone, optimizer or head; nothing is changed.</exception>
    /// <exception cref="ProfileKeyException">The file is sealed, and the key is missing.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <remarks>The version becomes the saved one, or one more than the present one where that is not lower: no version stands for two sets of values.</remarks>
    public void LoadState(string path, ProfileKey? key = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (Tensor[] tensors, long version) = StateFile.Load(path, Manifest, key);
        lock (_writer)
            _store.ReplaceAll(tensors, version);
    }

    /// <summary>Writes one plain ONNX file with the learned parameters inside, from user inputs to predictions; of the owner alone.</summary>
    /// <param name="path">Replaced if it exists.</param>
    /// <exception cref="InvalidArtifactException">The artifacts have been damaged since they were opened.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is intact.</exception>
    public void Export(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        PersonalFile.Write(path, _store.Export());
    }

    /// <summary>Writes one plain ONNX model with the learned parameters inside; who may read it is the caller's matter.</summary>
    /// <param name="stream">Stays open.</param>
    /// <exception cref="InvalidArtifactException">The artifacts have been damaged since they were opened.</exception>
    /// <exception cref="IOException">The stream fails.</exception>
    public void Export(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(_store.Export());
    }

    /// <summary>Waits for running predictions and steps, then frees the models.</summary>
    public void Dispose()
    {
        lock (_writer)
        {
            if (!_sets.Close())
                return;
            _predictor.Dispose();
            _engine.Dispose();
            _sets.Dispose();
            _package.Dispose();
        }
    }

    /// <summary>Opens the same artifacts once more, at the parameters as compiled.</summary>
    internal PersonalModel Fork() => OpenAt(_path, _options, Logger);

    /// <summary>Whether another model of the same artifacts has the same parameters, bit by bit.</summary>
    internal bool HasParametersOf(PersonalModel other) =>
        Parameters.All(p => GetParameter(p.Tensor.Name).Bytes.Span.SequenceEqual(other.GetParameter(p.Tensor.Name).Bytes.Span));

    internal byte[] CaptureState() => Capture().ToBytes();

    internal SafetensorsFile Capture() => StateFile.Capture(Manifest, _sets);

    /// <exception cref="InvalidArtifactException">The bytes are damaged or of another model; nothing is changed.</exception>
    internal void RestoreState(ReadOnlyMemory<byte> state, string name) => RestoreState(SafetensorsFile.Read(state, name), name);

    /// <exception cref="InvalidArtifactException">The state is of another model; nothing is changed.</exception>
    internal void RestoreState(SafetensorsFile state, string name)
    {
        (Tensor[] tensors, long version) = StateFile.Load(state, name, Manifest);
        lock (_writer)
            _store.ReplaceAll(tensors, version);
    }

    /// <summary>Takes over parameters and optimizer state of another model of the same artifacts; the version grows by one.</summary>
    /// <returns>The other model's version of what was taken over.</returns>
    internal long CopyFrom(PersonalModel other)
    {
        (Tensor[] tensors, long version) = StateFile.Load(StateFile.Capture(other.Manifest, other._sets), "model", Manifest);
        lock (_writer)
            _store.ReplaceAll(tensors, version: 0);
        return version;
    }

    /// <summary>Takes over another model's state only if nothing else has changed this one since <paramref name="version"/>, which then becomes the new version.</summary>
    internal bool TryCopyFrom(PersonalModel other, ref long version)
    {
        (Tensor[] tensors, _) = StateFile.Load(StateFile.Capture(other.Manifest, other._sets), "model", Manifest);
        lock (_writer)
            return _store.TryReplaceAll(tensors, ref version);
    }

    /// <summary>Trains one step as loops do: a batch whose labels are all ignored changes nothing, and its result counts no label; rows that no step can take are left out.</summary>
    /// <exception cref="NonFiniteStepException">No row can be learned from.</exception>
    internal StepResult Train<TSource>(TSource source, double learningRate, CancellationToken cancellationToken)
        where TSource : IBatchSource, allows ref struct
    {
        lock (_writer)
        {
            try
            {
                return _engine.Step(source, learningRate, cancellationToken);
            }
            catch (NonFiniteStepException)
            {
                if (_engine.StepOnRest(source, learningRate, cancellationToken) is { } rest)
                    return rest;
                throw;
            }
        }
    }

    /// <summary>Finds the rows of a refused batch that a step can take, and which of the others would be refused by themselves.</summary>
    internal int[] FindTrainable(BatchRows batch, double learningRate, Span<bool> isRefused, CancellationToken cancellationToken)
    {
        lock (_writer)
        {
            int[] rows = RowFit.Find(_engine, batch, learningRate, cancellationToken);
            for (int row = 0; row < batch.Count; row++)
                isRefused[row] = Array.BinarySearch(rows, row) < 0 && !_engine.Takes(batch.Select(row), learningRate, cancellationToken);
            return rows;
        }
    }

    private static PersonalModel OpenAt(string path, PersonalModelOptions options, ILogger logger)
    {
        var package = ArtifactPackage.Open(path);
        try
        {
            return new(package, path, options, logger);
        }
        catch
        {
            package.Dispose();
            throw;
        }
    }

    private StepResult Step<TSource>(TSource source, double learningRate, CancellationToken cancellationToken)
        where TSource : IBatchSource, allows ref struct
    {
        lock (_writer)
            return _engine.Step(source, learningRate, cancellationToken);
    }

    private StepResult Applied(StepResult result) =>
        result.LabelCount > 0 || _engine.Accumulates ? result : throw new ArgumentException("Every label is the ignored one, so there is nothing to learn from.");
}
