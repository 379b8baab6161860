using System.Collections.Immutable;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>The checkpoint file of ONNX Runtime's retired on-device training: parameters, optimizer state and properties.</summary>
/// <remarks>
/// Version 2, which the training packages 1.18 and 1.19 write and read; version 1 (1.17) has the same tables and is read too.
/// To move a project: read its checkpoint, <see cref="ApplyTo"/> the model it was made from, and compile that model.
/// Immutable; safe for use by several threads.
/// </remarks>
public sealed record OfficialCheckpoint
{
    /// <summary>The version that is written.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Gets the trainable parameters by name.</summary>
    public required ImmutableSortedDictionary<string, Tensor> Trainable { get; init; }

    /// <summary>Gets the frozen parameters by name.</summary>
    public required ImmutableSortedDictionary<string, Tensor> Frozen { get; init; }

    /// <summary>Gets the optimizer groups; empty before the first step.</summary>
    public ImmutableArray<OfficialOptimizerGroup> OptimizerGroups { get; init; } = [];

    /// <summary>Gets the properties that the app stored: Int64, Single or String values.</summary>
    public ImmutableSortedDictionary<string, object> Properties { get; init; } = ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal);

    /// <summary>Reads a checkpoint file.</summary>
    /// <exception cref="InvalidArtifactException">The file is damaged, of another version, or keeps its data elsewhere; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OfficialCheckpoint Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read(RegularFile.ReadAllBytes(path), path);
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="InvalidArtifactException">The bytes are damaged, of another version, or refer to data elsewhere.</exception>
    public static OfficialCheckpoint Read(ReadOnlyMemory<byte> bytes, string name) => OfficialCheckpointReader.Read(bytes, name);

    /// <summary>Encodes the checkpoint; equal checkpoints give equal bytes.</summary>
    /// <exception cref="NotSupportedException">A tensor holds strings, or a property is of another type.</exception>
    public byte[] ToBytes() => OfficialCheckpointWriter.Write(this);

    /// <summary>Puts the checkpoint's parameters into the model that it belongs to.</summary>
    /// <param name="model">A model whose initializers carry the checkpoint's names; changed in place.</param>
    /// <returns>The number of initializers replaced.</returns>
    /// <exception cref="InvalidModelException">A parameter has no initializer of its name, or one of another type or shape; all are named.</exception>
    public int ApplyTo(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var problems = new List<string>();
        var found = new List<(Value Value, Tensor Tensor)>();
        foreach ((string name, Tensor tensor) in Trainable.Concat(Frozen))
        {
            if (model.Graph.Find(name) is not { Initializer: { } old } value)
                problems.Add($"'{name}' is no initializer of the model");
            else if (!old.Type.Equals(tensor.Type))
                problems.Add($"'{name}' is {old.Type} in the model and {tensor.Type} in the checkpoint");
            else
                found.Add((value, tensor));
        }

        if (problems.Count > 0)
            throw new InvalidModelException($"The checkpoint does not fit the model: {string.Join("; ", problems)}. Use the model that the training artifacts were made from.");
        foreach ((Value value, Tensor tensor) in found)
            model.Graph.SetInitializer(value, tensor);
        return found.Count;
    }
}
