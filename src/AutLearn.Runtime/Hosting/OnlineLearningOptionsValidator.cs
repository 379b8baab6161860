using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Hosting;

/// <summary>Checks options by their attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class OnlineLearningOptionsValidator : IValidateOptions<OnlineLearningOptions>;
