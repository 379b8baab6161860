using System.Collections.Immutable;
using AutLearn.Augment.Text;
using BenchmarkDotNet.Attributes;

namespace AutLearn.Benchmarks.Augmentation;

/// <summary>EDA on sentences of the length of film reviews; times are for one augmented sentence.</summary>
[Config(typeof(MicroConfig))]
public class TextAugmentationBenchmark
{
    private const int Count = 9;

    private static readonly string[] Sentences =
    [
        "A wildly inventive mixture of comedy and melodrama, tastelessness and swooning elegance.",
        "The only way to tolerate this clueless film might be with a large dose of painkillers.",
        "Neil succeeded in making the mystery of four decades back the springboard for a more immediate mystery.",
        "It is a visual test and I must have failed!",
        "Scores no points for originality, wit or intelligence.",
    ];

    private readonly Eda _default = new(new EdaOptions { Count = Count });
    private readonly ReferenceEda _reference = new();
    private int _next;

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public ImmutableArray<string> Reference() => _reference.Augment(Sentences[_next % Sentences.Length], _next++);

    [Benchmark(OperationsPerInvoke = Count)]
    public ImmutableArray<string> Default() => _default.Augment(Sentences[_next % Sentences.Length], _next++);

    [Benchmark]
    public string DefaultOnce() => _default.AugmentOnce(Sentences[_next % Sentences.Length], _next++);
}
