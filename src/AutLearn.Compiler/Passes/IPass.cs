using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>A transformation of a model that keeps what it computes.</summary>
internal interface IPass
{
    /// <summary>Gets the name for reports.</summary>
    string Name { get; }

    /// <summary>Runs the pass once.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Stops the pass; the model is then of no further use.</param>
    /// <returns>True if and only if the model was changed.</returns>
    bool Run(OnnxModel model, CancellationToken cancellationToken = default);
}
