using Microsoft.Extensions.Options;

namespace AutLearn.Runtime;

/// <summary>Checks training options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class TrainingOptionsValidator : IValidateOptions<TrainingOptions>;
