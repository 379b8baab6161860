using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Training;

/// <summary>Checks the options by their range attributes, without reflection.</summary>
[OptionsValidator]
internal sealed partial class DataLoaderOptionsValidator : IValidateOptions<DataLoaderOptions>;
