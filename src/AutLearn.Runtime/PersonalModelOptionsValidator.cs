using Microsoft.Extensions.Options;

namespace AutLearn.Runtime;

/// <summary>Checks options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class PersonalModelOptionsValidator : IValidateOptions<PersonalModelOptions>;
