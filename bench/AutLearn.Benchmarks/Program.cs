using AutLearn.Benchmarks;
using BenchmarkDotNet.Running;

// Everything that is no experiment is a filter for the benchmarks.
BenchmarkSwitcher.FromAssembly(typeof(ResultsConfig).Assembly).Run(args, new ResultsConfig());
return 0;
