using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace AutLearn.Benchmarks;

/// <summary>For methods of a second and more: one call an iteration, in one process.</summary>
internal sealed class LongRunConfig : ManualConfig
{
    public LongRunConfig() => AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.DontLogOutput)
        .WithStrategy(RunStrategy.Monitoring)
        .WithWarmupCount(1)
        .WithIterationCount(5));
}
