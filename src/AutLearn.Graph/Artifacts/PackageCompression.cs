namespace AutLearn.Graph.Artifacts;

/// <summary>How the files of a package are stored.</summary>
public enum PackageCompression
{
    /// <summary>As they are: opens fastest. Trained weights hardly shrink.</summary>
    Stored,

    /// <summary>Deflated: for pruned weights and slow links.</summary>
    Deflated,
}
