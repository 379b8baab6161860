using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Offline;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class OfflineLearnerOptionsValidator : IValidateOptions<OfflineLearnerOptions>;
