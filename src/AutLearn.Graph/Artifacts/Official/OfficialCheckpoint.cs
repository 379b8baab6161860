using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>The checkpoint file of ONNX Runtime's retired on-device training: parameters, optimizer state and properties.</summary>
/// <remarks>
/// Version 2, which the training packages 1.18 and 1.19 write and read; version 1 (1.16 and 1.17) is the same but for what it does not
/// know: nominal states and data in another file. Before 1.16 a checkpoint was a folder, which is read as well. To move a whole project, use <c>autlearn import-ort</c>, or <c>OrtTrainingImport</c> of AutLearn.Compiler.
/// Immutable; safe for use by several threads.
/// </remarks>
public sealed record OfficialCheckpoint
{
    /// <summary>The version that is written.</summary>
    public const int CurrentVersion = 2;

    private const string ExternalExtension = ".data";

    /// <summary>Gets a value indicating whether the parameters are names alone, each with an empty tensor; see <see cref="WithParametersOf"/>.</summary>
    public bool IsNominal { get; init; }

    /// <summary>Gets the trainable parameters by name.</summary>
    public required ImmutableSortedDictionary<string, Tensor> Trainable { get; init; }

    /// <summary>Gets the frozen parameters by name.</summary>
    public required ImmutableSortedDictionary<string, Tensor> Frozen { get; init; }

    /// <summary>Gets the optimizer groups; empty before the first step.</summary>
    public ImmutableArray<OfficialOptimizerGroup> OptimizerGroups { get; init; } = [];

    /// <summary>Gets the properties that the app stored: Int64, Single or String values.</summary>
    public ImmutableSortedDictionary<string, object> Properties { get; init; } = ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal);

    /// <summary>Reads a checkpoint: a file, with the one of its name and <c>.data</c> behind it where it keeps its data there, or a folder as versions before 1.16 wrote.</summary>
    /// <exception cref="InvalidArtifactException">A file is damaged or of another version; the message names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static OfficialCheckpoint Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            return OfficialCheckpointFolder.Read(path);
        return OfficialCheckpointReader.Read(RegularFile.ReadAllBytes(path), path, path + ExternalExtension);
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="InvalidArtifactException">The bytes are damaged, of another version, or refer to data elsewhere.</exception>
    public static OfficialCheckpoint Read(ReadOnlyMemory<byte> bytes, string name) => OfficialCheckpointReader.Read(bytes, name, externalData: null);

    /// <summary>Encodes the checkpoint; equal checkpoints give equal bytes.</summary>
    /// <exception cref="NotSupportedException">A tensor holds strings, or a property is of another type.</exception>
    public byte[] ToBytes() => OfficialCheckpointWriter.Write(this);

    /// <summary>Gives a nominal checkpoint the parameters of the model that it was made with.</summary>
    /// <param name="model">A model whose initializers carry the checkpoint's names; it is not changed.</param>
    /// <returns>The complete checkpoint; this one where it is complete already.</returns>
    /// <exception cref="InvalidModelException">A parameter has no initializer of its name; all are named.</exception>
    public OfficialCheckpoint WithParametersOf(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!IsNominal)
            return this;
        string[] missing = [.. Trainable.Keys.Concat(Frozen.Keys).Where(n => model.Graph.Find(n)?.Initializer is null).Select(n => $"'{n}'")];
        if (missing.Length > 0)
            throw new InvalidModelException($"The model does not hold what the nominal checkpoint names: {string.Join(", ", missing)}. Give the model that the checkpoint was made with.");
        return this with { IsNominal = false, Trainable = Fill(Trainable), Frozen = Fill(Frozen) };

        ImmutableSortedDictionary<string, Tensor> Fill(ImmutableSortedDictionary<string, Tensor> names) =>
            names.Keys.ToImmutableSortedDictionary(n => n, n => model.Graph.Find(n)!.Initializer!, StringComparer.Ordinal);
    }

    /// <summary>Puts the checkpoint's parameters into a model that it belongs to.</summary>
    /// <param name="model">
    /// A model of whose initializers, or inputs as in the evaluation and training models of the official set, each parameter finds one of its name;
    /// changed in place. All become constants.
    /// </param>
    /// <returns>The number of constants set.</returns>
    /// <exception cref="InvalidModelException">A parameter has no place of its name, or one of another type or shape; all are named.</exception>
    /// <exception cref="InvalidOperationException">The checkpoint is nominal; see <see cref="WithParametersOf"/>.</exception>
    public int ApplyTo(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (IsNominal)
            throw new InvalidOperationException("The checkpoint is nominal: it holds names but no parameters. Fill it by WithParametersOf first.");
        var problems = new List<string>();
        var found = new List<(Value Value, Tensor Tensor)>();
        foreach ((string name, Tensor tensor) in Trainable.Concat(Frozen))
        {
            if (model.Graph.Find(name) is not { Producer: null } value)
                problems.Add($"'{name}' is no initializer or input of the model");
            else if (value.Initializer is { } old ? !old.Type.Equals(tensor.Type) : value.OpaqueType is not null || value.Type?.Accepts(tensor.Type) == false)
                problems.Add($"'{name}' is {value.Type?.ToString() ?? "no tensor"} in the model and {tensor.Type} in the checkpoint");
            else
                found.Add((value, tensor));
        }

        if (problems.Count > 0)
            throw new InvalidModelException($"The checkpoint does not fit the model: {string.Join("; ", problems)}. Use the model that the training artifacts were made from.");
        foreach ((Value value, Tensor tensor) in found)
        {
            model.Graph.SetInitializer(value, tensor);
            model.Graph.MakeConstant(value);
        }

        return found.Count;
    }
}
