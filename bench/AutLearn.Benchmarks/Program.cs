using AutLearn.Benchmarks;
using AutLearn.Benchmarks.Experiments;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["pretrain-handwriting", .. string[] rest]:
        return PretrainHandwriting.Run(rest);
    case ["personalize-writers", .. string[] rest]:
        return await PersonalizeWriters.RunAsync(rest);
    case ["pretrain-keyboard", .. string[] rest]:
        return await PretrainKeyboard.RunAsync(rest);
    default:
        // Everything that is no experiment is a filter for the benchmarks.
        BenchmarkSwitcher.FromAssembly(typeof(ResultsConfig).Assembly).Run(args, new ResultsConfig());
        return 0;
}
