using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Runs passes in turn until none changes the model any more.</summary>
internal sealed class PassSequence : IPass
{
    // Each round of these passes removes or merges nodes, so a few suffice; the bound only guards against two passes undoing each other.
    private const int MaxRounds = 16;

    private readonly IPass[] _passes;

    public PassSequence(params IPass[] passes) => _passes = passes;

    public string Name => string.Join("+", _passes.Select(p => p.Name));

    public static PassSequence Simplify() => new(new ConstantFolding(), new CommonSubexpressionElimination(), new DeadNodeElimination());

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        bool any = false;
        for (int round = 0; round < MaxRounds; round++)
        {
            bool modified = false;
            foreach (IPass pass in _passes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                modified |= pass.Run(model, cancellationToken);
            }

            if (!modified)
                break;
            any = true;
        }

        return any;
    }
}
