using AutLearn.Benchmarks;
using AutLearn.Benchmarks.Experiments;
using AutLearn.Benchmarks.Experiments.Sentences;
using AutLearn.Benchmarks.Experiments.Walks;
using AutLearn.Benchmarks.Experiments.Words;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["pretrain-handwriting", .. string[] rest]:
        return PretrainHandwriting.Run(rest);
    case ["personalize-writers", .. string[] rest]:
        return await PersonalizeWriters.RunAsync(rest);
    case ["pretrain-keyboard", .. string[] rest]:
        return await PretrainKeyboard.RunAsync(rest);
    case ["augment-handwriting", .. string[] rest]:
        return await AugmentHandwriting.RunAsync(rest);
    case ["online-writers", .. string[] rest]:
        return await OnlineWriters.RunAsync(rest);
    case ["kill-learning", .. string[] rest]:
        return KillLearning.Run(rest);
    case ["kill-storm", .. string[] rest]:
        return await StormOfKills.RunAsync(rest);
    case ["pretrain-kill", .. string[] rest]:
        return PretrainKill.Run(rest);
    case ["whole-steps", .. string[] rest]:
        return WholeStepRatios.Run(rest);
    case ["large-adapter", .. string[] rest]:
        return LargeAdapter.Run(rest);
    case ["image-walk", .. string[] rest]:
        return ImageWalk.Run(rest);
    case ["image-decoders", .. string[] rest]:
        return ImageDecoderTimes.Run(rest);
    case ["photo-folder", .. string[] rest]:
        return await PhotoFolder.RunAsync(rest);
    case ["data-walk", .. string[] rest]:
        return DataWalk.Run(rest);
    case ["finite-check", .. string[] rest]:
        return FiniteCheckCost.Run(rest);
    case ["optimizers", .. string[] rest]:
        return OptimizerCost.Run(rest);
    case ["official-engine", .. string[] rest]:
        return OfficialEngineRatios.Run(rest);
    case ["living-runtimes", .. string[] rest]:
        return LivingRuntimeTable.Run(rest);
    case ["backend-tests", .. string[] rest]:
        return BackendTests.Run(rest);
    case ["hostile", .. string[] rest]:
        return HostileInputs.Run(rest);
    case ["fuzz", .. string[] rest]:
        return LongFuzz.Run(rest);
    case ["real-models", .. string[] rest]:
        return RealModelTable.Run(rest);
    case ["soak-online", .. string[] rest]:
        return await SoakOnline.RunAsync(rest);
    case ["eda-classification", .. string[] rest]:
        return await EdaClassification.RunAsync(rest);
    case ["tokens", .. string[] rest]:
        return TokenTable.Run(rest);
    case ["text-walk", .. string[] rest]:
        return TextWalk.Run(rest);
    default:
        // Everything that is no experiment is a filter for the benchmarks.
        BenchmarkSwitcher.FromAssembly(typeof(ResultsConfig).Assembly).Run(args, new ResultsConfig());
        return 0;
}
