using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class SampleStoreOptionsValidator : IValidateOptions<SampleStoreOptions>;
