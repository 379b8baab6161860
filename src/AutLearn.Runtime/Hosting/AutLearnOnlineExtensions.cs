using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Hosting;

/// <summary>Registers learning from feedback with a container.</summary>
public static class AutLearnOnlineExtensions
{
    /// <summary>Registers an <see cref="OnlineLearner"/> and a hosted <see cref="OnlineLearningService"/> that saves what it learned. Opens nothing until asked.</summary>
    /// <param name="builder">From <see cref="AutLearnServiceCollectionExtensions.AddAutLearn"/>.</param>
    /// <param name="configure">Sets the options, at least <see cref="OnlineLearningOptions.Folder"/>.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// The container's model begins with the newest generation, and a gate's candidate where it stood. The <see cref="GenerationStore"/> is that of the app, of <c>AddLearning</c>, or
    /// <c>generations</c> in the folder, whichever was registered first. The container disposes the learner: dispose it with <c>await using</c>.
    /// </remarks>
    public static AutLearnBuilder AddOnlineLearner(this AutLearnBuilder builder, Action<OnlineLearningOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        IServiceCollection services = builder.Services;
        services.AddOptions<OnlineLearningOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OnlineLearningOptions>, OnlineLearningOptionsValidator>());
        LearnedState.Register(
            services,
            static provider => OptionsOf(provider).Folder,
            static provider => OptionsOf(provider).IsSealed ? provider.GetRequiredService<ProfileKey>() : null);
        services.TryAddSingleton(static provider =>
        {
            var learner = new OnlineLearner(provider.GetRequiredService<PersonalModel>(), OptionsOf(provider).Learner);
            if (OptionsOf(provider).Learner.Gate is not null)
                provider.GetRequiredService<GenerationStore>().RestoreCandidate(learner);
            return learner;
        });
        services.TryAddSingleton(static provider => new OnlineLearningService(
            provider.GetRequiredService<OnlineLearner>(),
            provider.GetRequiredService<GenerationStore>(),
            OptionsOf(provider).SaveInterval,
            provider.GetService<ILogger<OnlineLearningService>>(),
            provider.GetService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, OnlineLearningService>(static provider => provider.GetRequiredService<OnlineLearningService>()));
        return builder;
    }

    private static OnlineLearningOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<OnlineLearningOptions>>().Value;
}
