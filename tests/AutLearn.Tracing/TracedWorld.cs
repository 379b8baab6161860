namespace AutLearn.Tracing;

/// <summary>The folders of a traced program: a home and a temporary folder that it was not given and leaves alone, and one that it was given.</summary>
public sealed class TracedWorld : IDisposable
{
    // What a program needs to start. ONNX Runtime is quiet of itself where a variable tells of a build machine: none is passed on.
    private static readonly string[] Passed = ["PATH", "DOTNET_ROOT", "LD_LIBRARY_PATH", "SSL_CERT_FILE"];

    private readonly string _root = Directory.CreateTempSubdirectory("autlearn-traced-").FullName;
    private readonly bool _hasDiagnostics;

    /// <summary>Makes the folders.</summary>
    /// <param name="hasDiagnostics">Whether .NET serves diagnostic tools, which it does by files and a socket in the temporary folder.</param>
    public TracedWorld(bool hasDiagnostics = false)
    {
        _hasDiagnostics = hasDiagnostics;
        foreach (string folder in (string[])[Home, Temporary, Given, Inputs, WorkingFolder, TraceFolder])
            Directory.CreateDirectory(folder);
    }

    /// <summary>Gets the user's home.</summary>
    public string Home => Path.Combine(_root, "home");

    /// <summary>Gets the folder for temporary files.</summary>
    public string Temporary => Path.Combine(_root, "tmp");

    /// <summary>Gets the folder that the program is told to work in.</summary>
    public string Given => Path.Combine(_root, "given");

    /// <summary>Gets the folder of what it reads.</summary>
    public string Inputs => Path.Combine(_root, "inputs");

    /// <summary>Gets the folder it starts in.</summary>
    public string WorkingFolder => Path.Combine(_root, "cwd");

    internal string TraceFolder => Path.Combine(_root, "trace");

    /// <summary>Writes a path as seen from the folders, for reports.</summary>
    public string Shorten(string path) => path.StartsWith(_root + '/', StringComparison.Ordinal) ? path[(_root.Length + 1)..] : path;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_root, recursive: true);

    internal void Describe(IDictionary<string, string?> environment)
    {
        Dictionary<string, string?> passed = Passed.Where(environment.ContainsKey).ToDictionary(n => n, n => environment[n]);
        environment.Clear();
        foreach ((string name, string? value) in passed)
            environment[name] = value;
        environment["HOME"] = Home;
        environment["TMPDIR"] = Temporary;
        environment["LANG"] = "C.UTF-8";
        if (!_hasDiagnostics)
            environment["DOTNET_EnableDiagnostics"] = "0";
    }
}
