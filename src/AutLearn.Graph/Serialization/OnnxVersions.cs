namespace AutLearn.Graph.Serialization;

/// <summary>The versions of the file format and of the default operator domain that AutLearn reads and writes.</summary>
/// <remarks>The upper ends are those that ONNX Runtime 1.31 loads, found by loading a model of each version.</remarks>
public static class OnnxVersions
{
    /// <summary>The oldest version of the file format: the first that names operator versions.</summary>
    public const long OldestIrVersion = 3;

    /// <summary>The newest version of the file format.</summary>
    public const long NewestIrVersion = 13;

    /// <summary>The oldest version of the default operator domain that is read; what is older than <see cref="OldestRunOpset"/> is raised.</summary>
    public const long OldestOpset = 1;

    /// <summary>The oldest version of the default operator domain that ONNX Runtime promises to run.</summary>
    public const long OldestRunOpset = 7;

    /// <summary>The newest version of the default operator domain.</summary>
    public const long NewestOpset = 26;
}
