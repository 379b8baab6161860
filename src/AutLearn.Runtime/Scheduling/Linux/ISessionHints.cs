namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>What a desktop told logind about its session.</summary>
internal interface ISessionHints
{
    Ternary IsIdle(string session);
}
