namespace AutLearn.Samples.Gallery;

/// <summary>A photo of the folder.</summary>
/// <param name="Id">Its index in the folder's order.</param>
/// <param name="Name">Its path below the folder, with forward slashes.</param>
/// <param name="Path">Its full path.</param>
public sealed record Photo(int Id, string Name, string Path);
