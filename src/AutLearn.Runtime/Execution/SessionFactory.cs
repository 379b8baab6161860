using System.Diagnostics;
using System.Runtime.InteropServices;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>Creates sessions over the models of a package.</summary>
internal sealed class SessionFactory
{
    private const string ProviderSuffix = "ExecutionProvider";

    private readonly ArtifactPackage _package;
    private readonly ILogger _logger;
    private readonly OptimizedModelCache? _cache;
    private readonly string[] _providers;
    private readonly int _threads;
    private readonly bool _usesMemoryPattern;
    private readonly GraphOptimization _optimization;

    public SessionFactory(ArtifactPackage package, PersonalModelOptions options, ILogger logger)
    {
        _package = package;
        _logger = logger;
        if (!OnnxRuntimeTelemetry.Disable())
            Log.TelemetryMayBeOn(logger);
        _providers = Available(options.ExecutionProviders);
        _threads = options.IntraOpThreads;
        _usesMemoryPattern = options.UsesMemoryPattern;
        _optimization = options.GraphOptimization;
        RunHook = options.RunHook;
        if (options.OptimizedModelCacheFolder is { Length: > 0 } folder && IsCpuOnly && _optimization != GraphOptimization.None)
            _cache = new(folder, _optimization, logger);
    }

    public Action<string, RunStage>? RunHook { get; }

    public bool IsCpuOnly => _providers.Length == 0;

    /// <summary>Loads a model.</summary>
    /// <exception cref="RunFailedException">ONNX Runtime refuses the model.</exception>
    public InferenceSession Create(string file)
    {
        long start = Stopwatch.GetTimestamp();
        string key = _package.Manifest.Files.FirstOrDefault(f => f.Path == file)?.Sha256 ?? "";
        InferenceSession? session = _cache?.TryLoad(file, key, () => Options(isOptimized: true));
        bool isCached = session is not null;
        session ??= Load(file, key);
        Log.SessionLoaded(_logger, file, Stopwatch.GetElapsedTime(start).TotalMilliseconds, isCached);
        return session;
    }

    private InferenceSession Load(string file, string key)
    {
        byte[] bytes = ToArray(_package.Read(file));
        try
        {
            using SessionOptions options = Options(isOptimized: false);
            return _cache is null ? new InferenceSession(bytes, options) : _cache.LoadAndKeep(file, key, bytes, options);
        }
        catch (OnnxRuntimeException error)
        {
            throw new RunFailedException($"ONNX Runtime {QuietEnvironment.Instance.GetVersionString()} cannot load '{file}': {error.Message}", error) { File = file };
        }
    }

    private SessionOptions Options(bool isOptimized)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = _threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableMemoryPattern = _usesMemoryPattern,
            GraphOptimizationLevel = isOptimized ? GraphOptimizationLevel.ORT_DISABLE_ALL : LevelOf(_optimization),
            // Every failure surfaces as an exception; a native logger would only repeat it on the error stream.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        try
        {
            foreach (string provider in _providers)
                Append(options, provider);
            return options;
        }
        catch (OnnxRuntimeException error)
        {
            options.Dispose();
            throw new RunFailedException($"An execution provider of {string.Join(", ", _providers)} cannot start: {error.Message}", error);
        }
    }

    private static void Append(SessionOptions options, string provider)
    {
        switch (provider)
        {
            case "CUDA": options.AppendExecutionProvider_CUDA(); break;
            case "Tensorrt": options.AppendExecutionProvider_Tensorrt(); break;
            case "Dml": options.AppendExecutionProvider_DML(); break;
            case "Nnapi": options.AppendExecutionProvider_Nnapi(); break;
            case "CoreML": options.AppendExecutionProvider_CoreML(); break;
            case "Dnnl": options.AppendExecutionProvider_Dnnl(); break;
            default: options.AppendExecutionProvider(provider); break;
        }
    }

    /// <summary>Finds the asked providers among those of this build of ONNX Runtime; the CPU is always there and is left out.</summary>
    private static string[] Available(IList<string> asked)
    {
        string[] available = [.. QuietEnvironment.Instance.GetAvailableProviders().Select(WithoutSuffix)];
        var found = new List<string>();
        foreach (string name in asked)
        {
            string? provider = available.FirstOrDefault(a => a.Equals(WithoutSuffix(name ?? ""), StringComparison.OrdinalIgnoreCase))
                ?? throw new RunFailedException($"There is no execution provider '{name}' in this build of ONNX Runtime; it has {string.Join(", ", available)}.");
            if (provider != "CPU" && !found.Contains(provider))
                found.Add(provider);
        }

        return [.. found];
    }

    private static string WithoutSuffix(string name) =>
        name.EndsWith(ProviderSuffix, StringComparison.OrdinalIgnoreCase) ? name[..^ProviderSuffix.Length] : name;

    private static GraphOptimizationLevel LevelOf(GraphOptimization optimization) => optimization switch
    {
        GraphOptimization.None => GraphOptimizationLevel.ORT_DISABLE_ALL,
        GraphOptimization.Basic => GraphOptimizationLevel.ORT_ENABLE_BASIC,
        GraphOptimization.Extended => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
        _ => GraphOptimizationLevel.ORT_ENABLE_ALL,
    };

    // A file that was read fills its array exactly, so no copy is made.
    private static byte[] ToArray(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();
}
