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
    /// <remarks>
    /// What the app registered before stays. The container disposes the model. With <c>AddLearning</c> or <c>AddOnlineLearner</c> the
    /// model begins with what it had learned when the app ended.
    /// </remarks>
    public static AutLearnBuilder AddAutLearn(this IServiceCollection services, Action<AutLearnOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<AutLearnOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AutLearnOptions>, AutLearnOptionsValidator>());
        services.TryAddSingleton(static provider =>
        {
            AutLearnOptions options = provider.GetRequiredService<IOptions<AutLearnOptions>>().Value;
            var model = PersonalModel.Open(options.ModelPath, options.Model, provider.GetService<ILogger<PersonalModel>>());
            try
            {
                provider.GetService<LearnedState>()?.Restore(model);
                return model;
            }
            catch
            {
                model.Dispose();
                throw;
            }
        });
        services.TryAddSingleton(static provider => new FineTuner(provider.GetRequiredService<PersonalModel>()));
        return new(services);
    }
}
