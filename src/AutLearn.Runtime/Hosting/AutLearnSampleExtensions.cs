using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Hosting;

/// <summary>Registers the sample store with a container.</summary>
public static class AutLearnSampleExtensions
{
    /// <summary>Registers a <see cref="SampleStore"/> and, over it, an <see cref="ISampleHistory"/> whose contents are the inputs' rows. Opens nothing until asked.</summary>
    /// <param name="builder">From <see cref="AutLearnServiceCollectionExtensions.AddAutLearn"/>.</param>
    /// <param name="folder">For this store alone.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// What the app registered before stays: an <see cref="IKeyProtector"/> (otherwise the device's, with <c>profile.key</c> in the folder),
    /// a <see cref="SampleDecoder"/>, an <see cref="ISampleHistory"/>. The container disposes the store.
    /// </remarks>
    public static AutLearnBuilder AddSampleStore(this AutLearnBuilder builder, string folder, Action<SampleStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Services.TryAddSingleton(_ => DeviceKeyProtector.Create(Path.Combine(folder, "profile.key")));
        builder.Services.TryAddSingleton(provider =>
        {
            var options = new SampleStoreOptions();
            configure?.Invoke(options);
            IKeyProtector protector = provider.GetService<ProfileKey>() ?? provider.GetRequiredService<IKeyProtector>();
            return SampleStore.Open(folder, protector, options, provider.GetService<TimeProvider>(), provider.GetService<ILogger<SampleStore>>());
        });
        builder.Services.TryAddSingleton<ISampleHistory>(static provider => new StoredSampleHistory(
            provider.GetRequiredService<SampleStore>(), provider.GetService<SampleDecoder>(), provider.GetService<ILogger<StoredSampleHistory>>()));
        return builder;
    }
}
