using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using AutLearn.Augment.Tests.Hostile;
using AutLearn.Cloud.Tests.Hostile;
using AutLearn.Compiler;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Hostile;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Runs the fuzzers of the tests for minutes instead of a fixed number of cases: <c>fuzz --minutes 10 --seed 1</c>, and <c>--only TEXT</c> for those whose names hold the text.</summary>
internal static class LongFuzz
{
    // Parsers that run whole models shall not keep the quick ones from many cases.
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(0.25);

    public static int Run(string[] args)
    {
        double minutes = double.Parse(Option(args, "--minutes", "10"), CultureInfo.InvariantCulture);
        int seed = int.Parse(Option(args, "--seed", "1"), CultureInfo.InvariantCulture);
        string output = Option(args, "--out", Path.Combine("bench", "results"));
        string folder = Directory.CreateTempSubdirectory("autlearn-fuzz-").FullName;
        string only = Option(args, "--only", "");
        Fuzzer[] fuzzers = [.. Fuzzers(folder).Where(f => f.Name.Contains(only, StringComparison.Ordinal))];
        var failures = new List<string>();
        try
        {
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed < TimeSpan.FromMinutes(minutes))
            {
                foreach (Fuzzer fuzzer in fuzzers)
                    Turn(fuzzer, seed, failures);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string rows = string.Concat(fuzzers.Select(f => string.Create(CultureInfo.InvariantCulture, $"| {f.Name} | {f.Cases} | {f.Accepted} | {f.Failures} |\n")));
        File.WriteAllText(Path.Combine(output, "fuzz.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # Fuzzing

            {MachineHeader.Text}; {minutes} minutes, seed {seed}

            Damaged inputs, each decided by its seed. A failure is an exception that is not documented, or more allocated bytes than the input's size explains.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- fuzz --minutes {minutes} --seed {seed}`; the tests run the first cases of each.

            | what | cases | accepted | failures |
            | --- | ---: | ---: | ---: |
            {rows.TrimEnd()}

            """) + string.Concat(failures.Take(20).Select(f => $"- {f}\n")));
        return failures.Count == 0 ? 0 : 1;
    }

    private static void Turn(Fuzzer fuzzer, int firstSeed, List<string> failures)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Slice;)
        {
            int seed = firstSeed + (int)fuzzer.Cases++;
            try
            {
                fuzzer.Accepted += fuzzer.Run(seed) ? 1 : 0;
            }
            catch (FuzzFailureException failure)
            {
                fuzzer.Failures++;
                failures.Add($"{fuzzer.Name}: {failure.Message}");
                Console.WriteLine($"{fuzzer.Name}: {failure.Message}\n{failure.InnerException?.StackTrace}");
            }
        }
    }

    private static IEnumerable<Fuzzer> Fuzzers(string folder)
    {
        yield return new("ModelCompiler.Compile", CompileFuzz.Run);
        yield return new("OrtTrainingImport.Of", ImportFuzz.Run);
        byte[][] models = [.. FuzzSeeds.All.Select(OnnxFile.ToBytes)];
        yield return Parser("OnnxFile.Read", models, b => OnnxFile.Read(b, "fuzzed"), e => e is AutLearnException);
        CompiledArtifacts artifacts = ModelCompiler.Compile(FuzzSeeds.All[0], new CompileOptions { Trainable = TrainableSelection.All });
        string package = Path.Combine(folder, "sound.autlearn"), damaged = Path.Combine(folder, "damaged.autlearn");
        artifacts.SavePackage(package);
        yield return Parser("ArtifactPackage.Open", [File.ReadAllBytes(package)], b => Open(b, damaged), e => e is AutLearnException);
        var weights = new SafetensorsFile(artifacts.InitialParameters);
        yield return Parser("SafetensorsFile.Read", [weights.ToBytes()], b => SafetensorsFile.Read(b, "fuzzed"), e => e is AutLearnException);
        byte[] checkpoint = new OfficialCheckpoint { Trainable = artifacts.InitialParameters, Frozen = artifacts.InitialParameters.ToImmutableSortedDictionary(p => $"frozen {p.Key}", p => p.Value, StringComparer.Ordinal) }.ToBytes();
        yield return Parser("OfficialCheckpoint.Read", [checkpoint], b => OfficialCheckpoint.Read(b, "fuzzed"), e => e is AutLearnException);
        foreach (FuzzTarget target in (FuzzTarget[])[.. RuntimeFuzz.Targets(folder), .. AugmentFuzz.Targets(), .. CloudFuzz.Targets(folder)])
            yield return new(target.Name, seed => target.Run(seed, 1) > 0);
    }

    private static ArtifactPackage Open(byte[] bytes, string path)
    {
        File.WriteAllBytes(path, bytes);
        ArtifactPackage package = ArtifactPackage.Open(path);
        try
        {
            package.Verify();
            return package;
        }
        catch
        {
            package.Dispose();
            throw;
        }
    }

    private static Fuzzer Parser(string name, byte[][] sound, Func<byte[], object?> parse, Func<Exception, bool> isDocumented) =>
        new(name, seed => ParserFuzz.Run(sound, parse, isDocumented, seed, 1, bytesPerByte: 1100) > 0);

    private static string Option(string[] args, string name, string fallback) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;

    private sealed class Fuzzer(string name, Func<int, bool> run)
    {
        public string Name { get; } = name;

        public Func<int, bool> Run { get; } = run;

        public long Cases { get; set; }

        public long Accepted { get; set; }

        public long Failures { get; set; }
    }
}
