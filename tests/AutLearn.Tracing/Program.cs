using AutLearn.Tracing;

// Traces every kind of program of this repository and writes what it did to files and sockets.
if (args is not [string folder])
{
    await Console.Error.WriteLineAsync("Usage: AutLearn.Tracing FOLDER");
    return 2;
}

if (Tracer.Obstacle is { } obstacle)
{
    await Console.Error.WriteLineAsync(obstacle);
    return 3;
}

await File.WriteAllTextAsync(Path.Combine(folder, "privacy-trace.md"), await TraceReport.WriteAsync());
return 0;
