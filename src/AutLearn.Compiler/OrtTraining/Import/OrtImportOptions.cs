using AutLearn.Compiler.Losses;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>What an official set does not tell by itself.</summary>
public sealed class OrtImportOptions
{
    /// <summary>Gets or sets the value of the evaluation model that the loss reads.</summary>
    /// <value>Null, the default, to find it in a loss that is recognised.</value>
    public string? ScoresName { get; set; }

    /// <summary>Gets or sets the loss to go on with in place of the set's own.</summary>
    /// <value>Null, the default, for the set's own, which must then be recognised.</value>
    public Loss? Loss { get; set; }
}
