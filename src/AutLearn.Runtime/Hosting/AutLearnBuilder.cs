using Microsoft.Extensions.DependencyInjection;

namespace AutLearn.Runtime.Hosting;

/// <summary>What registration of AutLearn returns; other assemblies extend it.</summary>
public sealed class AutLearnBuilder
{
    internal AutLearnBuilder(IServiceCollection services) => Services = services;

    /// <summary>Gets the services.</summary>
    public IServiceCollection Services { get; }
}
