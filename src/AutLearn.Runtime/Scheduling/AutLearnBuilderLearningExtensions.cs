using AutLearn.Cache.Disk;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Registers learning in the background.</summary>
public static class AutLearnBuilderLearningExtensions
{
    /// <summary>Registers an <see cref="OfflineLearner"/> and a hosted <see cref="LearningService"/> for it. Opens nothing until the host starts.</summary>
    /// <param name="builder">The registration of the model.</param>
    /// <param name="configure">Sets the options, at least <see cref="ScheduledLearningOptions.Folder"/>.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// With <c>AddSampleStore</c> there is a <see cref="PersonalDataEraser"/> too, over all that the container's parts keep.
    /// The app registers an <see cref="ISampleHistory"/>, as <c>AddSampleStore</c> does, and an <see cref="IAugmenter"/> if it has one. What was
    /// learned survives a restart: each promoted state is a generation in the folder, and the container's model begins with the newest. What the app
    /// registers before stays, such as its own <see cref="ProfileKey"/> or <see cref="IDeviceStateProvider"/>; else Linux and Windows are asked, and on other systems there
    /// is a <see cref="ManualDeviceState"/>, of which nothing is known until the app sets it.
    /// </remarks>
    public static AutLearnBuilder AddLearning(this AutLearnBuilder builder, Action<ScheduledLearningOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        IServiceCollection services = builder.Services;
        services.AddOptions<ScheduledLearningOptions>().Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ScheduledLearningOptions>, ScheduledLearningOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => DeviceOf(OptionsOf(provider).Folder, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new TrainingPolicy(OptionsOf(provider).Policy, provider.GetRequiredService<TimeProvider>()));
        LearnedState.Register(services, static provider => OptionsOf(provider).Folder, KeyOf);
        services.TryAddSingleton(static provider =>
        {
            FeatureStoreOptions options = OfflineLearner.OptionsFor(provider.GetRequiredService<PersonalModel>(), KeyOf(provider), OptionsOf(provider).Learner.RowSizes);
            options.TimeProvider = provider.GetRequiredService<TimeProvider>();
            return FeatureStore.Open(Path.Combine(OptionsOf(provider).Folder, "features"), options);
        });
        services.TryAddSingleton(static provider => new OfflineLearner(
            provider.GetRequiredService<PersonalModel>(),
            provider.GetService<ISampleHistory>() ?? throw new InvalidOperationException("AddLearning has no samples to learn from. Call AddSampleStore(folder) on the same builder, or register an ISampleHistory of your own."),
            provider.GetRequiredService<FeatureStore>(),
            Path.Combine(OptionsOf(provider).Folder, "training"),
            LearnerOptionsOf(provider),
            provider.GetService<IAugmenter>(),
            provider.GetRequiredService<GenerationStore>(),
            provider.GetService<IFileSystem>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new PersonalDataEraser(
            provider.GetService<SampleStore>() ?? throw new InvalidOperationException("PersonalDataEraser forgets in a SampleStore. Call AddSampleStore(folder) on the builder of AddLearning, or make an eraser over your own parts."),
            provider.GetRequiredService<FeatureStore>(),
            provider.GetRequiredService<OfflineLearner>(),
            Path.Combine(OptionsOf(provider).Folder, "forgetting"),
            provider.GetService<OnlineLearner>(),
            provider.GetService<IFileSystem>(),
            KeyOf(provider)));
        services.TryAddSingleton(static provider => new LearningService(
            provider.GetRequiredService<OfflineLearner>(),
            provider.GetRequiredService<IDeviceStateProvider>(),
            provider.GetRequiredService<TrainingPolicy>(),
            OptionsOf(provider).Service,
            provider.GetService<ILogger<LearningService>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LearningService>(static provider => provider.GetRequiredService<LearningService>()));
        return builder;
    }

    private static ScheduledLearningOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<ScheduledLearningOptions>>().Value;

    private static ProfileKey? KeyOf(IServiceProvider provider) => OptionsOf(provider).IsSealed ? provider.GetRequiredService<ProfileKey>() : null;

    private static OfflineLearnerOptions LearnerOptionsOf(IServiceProvider provider)
    {
        OfflineLearnerOptions options = OptionsOf(provider).Learner.Copy();
        options.Key ??= KeyOf(provider);
        return options;
    }

    private static IDeviceStateProvider DeviceOf(string folder, TimeProvider time) =>
        OperatingSystem.IsLinux() ? new LinuxDeviceState(folder, timeProvider: time)
        : OperatingSystem.IsWindows() ? new WindowsDeviceState(folder)
        : new ManualDeviceState(timeProvider: time);
}
