namespace AutLearn.Benchmarks;

/// <summary>A folder among the temporary files, gone with its owner.</summary>
internal sealed class BenchmarkFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("autlearn-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
