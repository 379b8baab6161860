using System.Globalization;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Stores;

namespace AutLearn.Runtime.Storage;

/// <summary>Parameters, optimizer state and version in one safetensors file.</summary>
internal static class StateFile
{
    private const string Format = "autlearn-state";
    private const string FormatVersion = "1";
    private const string FormatKey = "format";
    private const string FormatVersionKey = "format_version";
    private const string VersionKey = "parameter_version";
    private const string BackboneKey = "backbone_sha256";
    private const string OptimizerKey = "optimizer";
    private const string NoteKey = "beside";

    // Each update counts on from the version of a state, which must not overflow.
    private const long MaxVersion = 1L << 62;
    private const string ParameterPrefix = "parameter/";
    private const string StatePrefix = "state/";
    private const string BesidePrefix = "beside/";
    private const string Purpose = "state";

    public static void Save(string path, ArtifactManifest manifest, ParameterSets sets, ProfileKey? key) =>
        PersonalFile.Write(path, StateChecksum.Add(Capture(manifest, sets)).ToBytes(), key, Purpose);

    /// <summary>Takes a snapshot of the serving set.</summary>
    public static SafetensorsFile Capture(ArtifactManifest manifest, ParameterSets sets)
    {
        int set = sets.Acquire(out long version);
        try
        {
            var metadata = new Dictionary<string, string>
            {
                [FormatKey] = Format,
                [FormatVersionKey] = FormatVersion,
                [VersionKey] = version.ToString(CultureInfo.InvariantCulture),
                [BackboneKey] = manifest.BackboneSha256,
                [OptimizerKey] = manifest.Optimizer.Kind,
            };
            return new SafetensorsFile(Entries(manifest).Select((e, i) => KeyValuePair.Create(e.Key, sets.Copy(set, i))), metadata);
        }
        finally
        {
            sets.Release(set);
        }
    }

    /// <summary>Reads a file and checks it against the manifest.</summary>
    /// <returns>The tensors in the order of the sets, and the version.</returns>
    /// <exception cref="InvalidArtifactException">The file is damaged or of another model.</exception>
    public static (Tensor[] Tensors, long Version) Load(string path, ArtifactManifest manifest, ProfileKey? key)
    {
        PersonalFile.Sweep(path);
        if (new FileInfo(path) is { Exists: true } file && file.Length > Array.MaxLength)
            throw Refused(path, $"it has {file.Length} bytes, more than the {Array.MaxLength} that can be read");
        return Load(SafetensorsFile.Read(PersonalFile.Open(RegularFile.ReadAllBytes(path), key, Purpose, path), path), path, manifest);
    }

    /// <summary>Checks a snapshot against the manifest.</summary>
    /// <exception cref="InvalidArtifactException">The snapshot is of another model.</exception>
    public static (Tensor[] Tensors, long Version) Load(SafetensorsFile file, string path, ArtifactManifest manifest)
    {
        if (Text(file, FormatKey) != Format || Text(file, FormatVersionKey) != FormatVersion)
            throw Refused(path, "it is no saved state of a format that this version reads");
        if (Text(file, BackboneKey) != manifest.BackboneSha256)
            throw Refused(path, "it was saved from a model with another backbone");
        if (Text(file, OptimizerKey) != manifest.Optimizer.Kind)
            throw Refused(path, $"it was saved with the optimizer '{Text(file, OptimizerKey)}', not '{manifest.Optimizer.Kind}'");
        if (!long.TryParse(Text(file, VersionKey), NumberStyles.None, CultureInfo.InvariantCulture, out long version) || version > MaxVersion)
            throw Refused(path, "it has no parameter version");
        KeyValuePair<string, TensorSpec>[] entries = [.. Entries(manifest)];
        int count = file.Tensors.Keys.Count(k => !k.StartsWith(BesidePrefix, StringComparison.Ordinal));
        if (count != entries.Length)
            throw Refused(path, $"it holds {count} tensors where the model has {entries.Length}");
        Tensor[] tensors = [.. entries.Select(e => Find(file, e.Key, e.Value, path))];
        for (int i = 0; i < manifest.OptimizerState.Length; i++)
        {
            if (manifest.OptimizerState[i].FindProblem(tensors[manifest.Parameters.Length + i]) is { } problem)
                throw Refused(path, problem);
        }

        // Last, so that a file of another model is told as that.
        return StateChecksum.IsIntact(file)
            ? (tensors, version)
            : throw new InvalidArtifactException($"File '{path}' is damaged: its values are not those that were saved. Restore it from a copy, or reset the parameters.") { File = path };
    }

    /// <summary>Adds the state of another model of the same artifacts, which learns beside.</summary>
    /// <param name="state">Of the serving model.</param>
    /// <param name="other">Of the other model.</param>
    /// <param name="note">What is to be known of it.</param>
    public static SafetensorsFile Join(SafetensorsFile state, SafetensorsFile other, string note) => new(
        state.Tensors.Concat(other.Tensors.Select(t => KeyValuePair.Create(BesidePrefix + t.Key, t.Value))),
        state.Metadata.Add(NoteKey, note));

    /// <summary>Takes a joined state apart; null where it is that of one model alone.</summary>
    public static (SafetensorsFile Other, string Note)? Split(SafetensorsFile joined) => Text(joined, NoteKey) is { } note
        ? (new(joined.Tensors.Where(t => t.Key.StartsWith(BesidePrefix, StringComparison.Ordinal)).Select(t => KeyValuePair.Create(t.Key[BesidePrefix.Length..], t.Value)), joined.Metadata.Remove(NoteKey)), note)
        : null;

    /// <summary>Reads the initial parameters of a package, in the order of the manifest, and the optimizer state that it begins with.</summary>
    /// <returns>The tensors in the order of the sets; null, or left out at the end, where a state begins at its initial value.</returns>
    public static Tensor?[] LoadInitial(ArtifactPackage package)
    {
        SafetensorsFile file = SafetensorsFile.Read(package.Read(ArtifactNames.Parameters), ArtifactNames.Parameters);
        IEnumerable<Tensor> parameters = package.Manifest.Parameters.Select(p => Find(file, p.Tensor.Name, p.Tensor, ArtifactNames.Parameters));
        if (!package.Contains(ArtifactNames.OptimizerState))
            return [.. parameters];
        SafetensorsFile states = SafetensorsFile.Read(package.Read(ArtifactNames.OptimizerState), ArtifactNames.OptimizerState);
        return [.. parameters, .. package.Manifest.OptimizerState.Select(s => FindInitial(states, s))];
    }

    /// <summary>Finds a tensor that holds an infinity or NaN in what may be a saved state.</summary>
    /// <returns>Its key; null where all are finite, or the content is no state.</returns>
    public static string? FindNotFinite(ReadOnlySpan<byte> content)
    {
        try
        {
            return SafetensorsFile.Read(content.ToArray(), "content").Tensors
                .FirstOrDefault(t => !double.IsFinite(LargestMagnitude.Of(t.Value.Bytes.Span, t.Value.ElementType))).Key;
        }
        catch (InvalidArtifactException)
        {
            return null;
        }
    }

    /// <summary>Says how a tensor differs from what the model needs; null where it fits.</summary>
    public static string? Difference(TensorSpec spec, Tensor tensor) =>
        tensor.ElementType == spec.ElementType && tensor.Dimensions.AsSpan().SequenceEqual(spec.ToShape().ToSizes())
            ? null
            : $"'{spec.Name}' must be {spec.ElementType}[{string.Join(",", spec.Shape)}], not {tensor}";

    private static IEnumerable<KeyValuePair<string, TensorSpec>> Entries(ArtifactManifest manifest) =>
        manifest.Parameters.Select(p => KeyValuePair.Create(ParameterPrefix + p.Tensor.Name, p.Tensor))
            .Concat(manifest.OptimizerState.Select(s => KeyValuePair.Create(StatePrefix + s.Tensor.Name, s.Tensor)));

    private static Tensor Find(SafetensorsFile file, string key, TensorSpec spec, string path)
    {
        if (!file.Tensors.TryGetValue(key, out Tensor? tensor))
            throw Refused(path, $"it lacks the tensor '{key}'");
        if (Difference(spec, tensor) is { } difference)
            throw Refused(path, difference);
        return double.IsFinite(LargestMagnitude.Of(tensor.Bytes.Span, tensor.ElementType))
            ? tensor
            : throw Refused(path, $"'{spec.Name}' holds values that are not finite");
    }

    private static Tensor? FindInitial(SafetensorsFile file, StateSpec state) =>
        !file.Tensors.TryGetValue(state.Tensor.Name, out Tensor? tensor) ? null
        : state.FindProblem(tensor) is { } problem ? throw Refused(ArtifactNames.OptimizerState, problem)
        : tensor;

    private static string? Text(SafetensorsFile file, string key) => file.Metadata.GetValueOrDefault(key);

    private static InvalidArtifactException Refused(string path, string what) =>
        new($"File '{path}' does not fit the model: {what}. Use a file of this model, or reset the parameters.") { File = path };
}
