using System.Collections.Immutable;

namespace AutLearn.Runtime.Stores;

/// <summary>What a model was restored from.</summary>
/// <param name="Number">The generation; 0 for the parameters as compiled.</param>
/// <param name="Refused">Newer generations that were damaged, could not be read or did not fit the model, newest first.</param>
public sealed record GenerationRestore(long Number, ImmutableArray<long> Refused)
{
    /// <summary>Gets the names of files in the folder that are no generations; they are left alone.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];
}
