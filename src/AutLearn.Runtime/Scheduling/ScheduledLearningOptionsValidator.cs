using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Checks the options by their attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class ScheduledLearningOptionsValidator : IValidateOptions<ScheduledLearningOptions>;
