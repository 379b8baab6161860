using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Gate;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class GateOptionsValidator : IValidateOptions<GateOptions>;
