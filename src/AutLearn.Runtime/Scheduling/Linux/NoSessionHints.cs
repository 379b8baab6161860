namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Knows nothing: for a tree that is not of the running system.</summary>
internal sealed class NoSessionHints : ISessionHints
{
    public Ternary IsIdle(string session) => Ternary.Unknown;
}
