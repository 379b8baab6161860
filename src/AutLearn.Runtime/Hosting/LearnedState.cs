using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Hosting;

/// <summary>Lets the container's model begin with what it had learned when the app ended.</summary>
internal sealed class LearnedState(GenerationStore generations)
{
    /// <summary>Registers a key and generations, unless the app has its own, and the restoring of the newest.</summary>
    /// <param name="services">The services.</param>
    /// <param name="folder">Where both are kept.</param>
    /// <param name="key">What seals the generations; null leaves them plain.</param>
    public static void Register(IServiceCollection services, Func<IServiceProvider, string> folder, Func<IServiceProvider, ProfileKey?> key)
    {
        services.TryAddSingleton(provider => ProfileKey.Open(
            Path.Combine(folder(provider), "learning.key"),
            provider.GetService<IKeyProtector>() ?? DeviceKeyProtector.Create(Path.Combine(folder(provider), "profile.key"))));
        services.TryAddSingleton(provider => new GenerationStore(
            Path.Combine(folder(provider), "generations"), new() { Key = key(provider) }, provider.GetService<IFileSystem>(), provider.GetService<ILogger<GenerationStore>>()));
        services.TryAddSingleton(static provider => new LearnedState(provider.GetRequiredService<GenerationStore>()));
    }

    /// <summary>Restores the newest intact generation; without one, the model stays as compiled.</summary>
    public void Restore(PersonalModel model)
    {
        if (generations.ReadNewestFirst().Any())
            generations.Restore(model);
    }
}
