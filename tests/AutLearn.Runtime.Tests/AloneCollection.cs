namespace AutLearn.Runtime.Tests;

/// <summary>Tests that measure the whole process and so run by themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
