using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Stores;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class GenerationStoreOptionsValidator : IValidateOptions<GenerationStoreOptions>;
