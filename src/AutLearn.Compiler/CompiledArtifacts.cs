using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler;

/// <summary>What a model was compiled into.</summary>
/// <remarks>The models must not be changed: the manifest holds their hashes. Safe for use by several threads as long as they are not.</remarks>
public sealed class CompiledArtifacts
{
    private static readonly OnnxWriteOptions Compact = new() { IsCompact = true };

    private readonly ArtifactWriter _writer;

    internal CompiledArtifacts(
        ArtifactManifest description,
        OnnxModel inference,
        OnnxModel trainStep,
        OnnxModel? trainStepCached,
        OnnxModel? gradients,
        OnnxModel? gradientsCached,
        OnnxModel evaluation,
        ImmutableSortedDictionary<string, Tensor> initialParameters,
        ImmutableSortedDictionary<string, Tensor> initialState,
        TextArtifacts? text,
        CompileReport report)
    {
        Inference = inference;
        TrainStep = trainStep;
        TrainStepCached = trainStepCached;
        Gradients = gradients;
        GradientsCached = gradientsCached;
        Evaluation = evaluation;
        InitialParameters = initialParameters;
        InitialState = initialState;
        Report = report;
        _writer = new ArtifactWriter(description);
        _writer.Add(ArtifactNames.Inference, OnnxFile.ToBytes(inference));
        _writer.Add(ArtifactNames.TrainStep, OnnxFile.ToBytes(trainStep, Compact));
        if (trainStepCached is not null)
            _writer.Add(ArtifactNames.TrainStepCached, OnnxFile.ToBytes(trainStepCached, Compact));
        if (gradients is not null)
            _writer.Add(ArtifactNames.Gradients, OnnxFile.ToBytes(gradients, Compact));
        if (gradientsCached is not null)
            _writer.Add(ArtifactNames.GradientsCached, OnnxFile.ToBytes(gradientsCached, Compact));
        _writer.Add(ArtifactNames.Evaluation, OnnxFile.ToBytes(evaluation, Compact));
        _writer.Add(ArtifactNames.Parameters, new SafetensorsFile(initialParameters).ToBytes());
        if (!initialState.IsEmpty)
            _writer.Add(ArtifactNames.OptimizerState, new SafetensorsFile(initialState).ToBytes());
        if (text is not null)
        {
            foreach ((string path, ReadOnlyMemory<byte> content) in text.Files)
                _writer.Add(path, content);
        }

        Manifest = _writer.Build();
    }

    /// <summary>Gets the manifest, with sizes and hashes.</summary>
    public ArtifactManifest Manifest { get; }

    /// <summary>Gets user inputs and parameters to predictions, logits and boundary tensors.</summary>
    public OnnxModel Inference { get; }

    /// <summary>Gets one training step from boundary tensors.</summary>
    public OnnxModel TrainStep { get; }

    /// <summary>Gets one training step from boundary tensors and cached scores; null where that would not be exact, see <see cref="CompileReport.NoCachedStepBecause"/>.</summary>
    public OnnxModel? TrainStepCached { get; }

    /// <summary>
    /// Gets the training step without the optimizer, which AutLearn's runtime applies in one pass over memory; null where the optimizer's
    /// update is part of a product (plain SGD on dense gradients), or a trained parameter is neither Float32 nor Float16.
    /// </summary>
    public OnnxModel? Gradients { get; }

    /// <summary>Gets the same from boundary tensors and cached scores; null where <see cref="Gradients"/> or <see cref="TrainStepCached"/> is.</summary>
    public OnnxModel? GradientsCached { get; }

    /// <summary>Gets loss and metrics without an update.</summary>
    public OnnxModel Evaluation { get; }

    /// <summary>Gets the initial trainable parameters and buffers by name.</summary>
    public ImmutableSortedDictionary<string, Tensor> InitialParameters { get; }

    /// <summary>Gets the optimizer state that does not begin at its initial value, by name.</summary>
    public ImmutableSortedDictionary<string, Tensor> InitialState { get; }

    /// <summary>Gets what the models cost.</summary>
    public CompileReport Report { get; }

    /// <summary>Writes the artifacts as a folder.</summary>
    /// <param name="folder">Created if it does not exist; other files in it are left alone.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Save(string folder) => _writer.WriteFolder(folder);

    /// <summary>Writes the artifacts as one <c>.autlearn</c> file.</summary>
    /// <param name="file">Replaced if it exists.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SavePackage(string file) => _writer.WritePackage(file);
}
