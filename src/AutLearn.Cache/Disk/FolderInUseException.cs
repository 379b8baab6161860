namespace AutLearn.Cache.Disk;

/// <summary>A folder belongs to one owner at a time, and another has it open: another process, or another object of this one.</summary>
public sealed class FolderInUseException : IOException
{
    /// <summary>Creates an error.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="innerException">The cause, or null.</param>
    public FolderInUseException(string folder, Exception? innerException = null)
        : base($"The folder '{folder}' is in use by another process, or by another object of this one. Close it there, or use another folder.", innerException) => Folder = folder;

    /// <summary>Gets the folder.</summary>
    public string Folder { get; }
}
