namespace AutLearn.Testing.Faults;

/// <summary>The power went away. No product code catches it.</summary>
public sealed class SimulatedCrashException : Exception
{
    public SimulatedCrashException()
        : base("The power went away.")
    {
    }
}
