using AutLearn.Tracing;

namespace AutLearn.Privacy.Tests;

/// <summary>Whether processes can be traced here: on a build machine they must be, elsewhere the tests skip.</summary>
internal static class Requirement
{
    public static void TraceOrSkip()
    {
        if (Environment.GetEnvironmentVariable("CI") is "true" or "1")
            Assert.Null(Tracer.Obstacle);
        Skip.IfNot(Tracer.Obstacle is null, Tracer.Obstacle);
    }
}
