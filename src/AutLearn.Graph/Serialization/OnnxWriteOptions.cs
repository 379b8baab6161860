namespace AutLearn.Graph.Serialization;

/// <summary>How a model is written.</summary>
public sealed class OnnxWriteOptions
{
    /// <summary>Gets or sets the size from which initializers go to an external file beside the model.</summary>
    /// <value>In bytes, at least 1; null keeps everything in one file, which can hold at most 2 GB. The default is null.</value>
    public long? ExternalDataThresholdInBytes { get; set; }

    /// <summary>Gets or sets the name of the external file.</summary>
    /// <value>A plain file name; null takes the model's file name with <c>.data</c> appended. The default is null.</value>
    public string? ExternalDataFileName { get; set; }

    /// <summary>Gets or sets a value indicating whether values inside the graph get short names and no types, which readers infer.</summary>
    /// <value>
    /// Names and types of inputs and outputs and the names of initializers and nodes stay. For generated models, whose inner names nobody looks
    /// up: a small model takes half the bytes. The default is false.
    /// </value>
    public bool IsCompact { get; set; }
}
