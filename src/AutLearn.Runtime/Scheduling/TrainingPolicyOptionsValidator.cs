using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class TrainingPolicyOptionsValidator : IValidateOptions<TrainingPolicyOptions>;
