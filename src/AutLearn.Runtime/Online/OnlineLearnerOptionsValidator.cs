using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Online;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class OnlineLearnerOptionsValidator : IValidateOptions<OnlineLearnerOptions>;
