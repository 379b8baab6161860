using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Hosting;

/// <summary>Registers AutLearn with a container.</summary>
public static class AutLearnServiceCollectionExtensions
{
    /// <summary>Registers one <see cref="PersonalModel"/> and one <see cref="FineTuner"/> for the app. Opens nothing until they are asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, at least <see cref="AutLearnOptions.ModelPath"/>.</param>
    /// <returns>A builder for further registrations.</returns>
    /// <remarks>What the app registered before stays. The container disposes the model.</remarks>
    public static AutLearnBuilder AddAutLearn(this IServiceCollection services, Action<AutLearnOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<AutLearnOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AutLearnOptions>, AutLearnOptionsValidator>());
        services.TryAddSingleton(static provider =>
        {
            AutLearnOptions options = provider.GetRequiredService<IOptions<AutLearnOptions>>().Value;
            return PersonalModel.Open(options.ModelPath, options.Model, provider.GetService<ILogger<PersonalModel>>());
        });
        services.TryAddSingleton(static provider => new FineTuner(provider.GetRequiredService<PersonalModel>()));
        return new(services);
    }
}
