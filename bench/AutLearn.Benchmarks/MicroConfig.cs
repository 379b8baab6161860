using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace AutLearn.Benchmarks;

/// <summary>For methods below a second. One process for all methods, so that ratios compare like with like on a shared machine.</summary>
internal sealed class MicroConfig : ManualConfig
{
    public MicroConfig() => AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.DontLogOutput)
        .WithWarmupCount(3)
        .WithIterationCount(12));
}
