using Microsoft.Extensions.Configuration;

namespace AutLearn.Samples.Hosting;

/// <summary>Reads options from environment variables and, above them, the command line.</summary>
public static class AppArguments
{
    /// <summary>Fills the properties of an options class.</summary>
    /// <param name="args">Pairs such as <c>--port 5080</c>.</param>
    /// <param name="prefix">What the names of environment variables begin with.</param>
    /// <exception cref="AutLearnException">An option is unknown or has no readable value.</exception>
    public static T Read<T>(string[] args, string prefix)
        where T : new()
    {
        try
        {
            IConfigurationRoot given = new ConfigurationBuilder().AddCommandLine(args).Build();
            string[] known = [.. typeof(T).GetProperties().Select(p => p.Name)];
            if (given.AsEnumerable().FirstOrDefault(p => !known.Contains(p.Key, StringComparer.OrdinalIgnoreCase)) is { Key: { } unknown })
                throw new AutLearnException($"There is no option '--{unknown}'. {Usage(known)}");
            if (args.Length % 2 != 0 && !args.Any(a => a.Contains('=', StringComparison.Ordinal)))
                throw new AutLearnException($"An option has no value. {Usage(known)}");
            return new ConfigurationBuilder().AddEnvironmentVariables(prefix).AddCommandLine(args).Build().Get<T>() ?? new T();
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new AutLearnException($"The options cannot be read: {e.Message}", e);
        }
    }

    private static string Usage(string[] known) => $"Options: {string.Join(", ", known.Select(k => $"--{k.ToLowerInvariant()} VALUE"))}.";
}
