using System.Globalization;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.LearningProbe;

/// <summary>Opens what each line of the input names, at the moment it names, and keeps it open until the next line; says what came of it.</summary>
internal static class FolderRace
{
    public static int Run()
    {
        IDisposable? held = null;
        while (Console.ReadLine() is { } line)
        {
            held?.Dispose();
            held = null;
            if (line.Split('\t') is not [string kind, string folder, string at])
            {
                Console.WriteLine("closed");
                continue;
            }

            long ticks = long.Parse(at, CultureInfo.InvariantCulture);
            while (TimeProvider.System.GetUtcNow().Ticks < ticks)
                Thread.SpinWait(10);
            try
            {
                (held, string done) = Open(kind, folder);
                Console.WriteLine($"done {done}");
            }
            catch (Exception error) when (error is FolderInUseException or SampleStoreException { Reason: SampleStoreFailure.InUse })
            {
                Console.WriteLine("in use");
            }
            catch (Exception error)
            {
                Console.WriteLine($"failed {error.GetType().Name}: {error.Message}".ReplaceLineEndings(" "));
            }
        }

        held?.Dispose();
        return 0;
    }

    private static (IDisposable? Held, string Done) Open(string kind, string folder)
    {
        byte[] content = [.. BitConverter.GetBytes(Environment.ProcessId)];
        switch (kind)
        {
            case "samples":
                SampleStore samples = SampleStore.Open(folder, new KeyFileProtector(Path.Combine(folder, "profile.key")));
                return (samples, Text(samples.Add(new NewSample { Payload = content })));
            case "generations":
                var generations = new GenerationStore(folder);
                return (generations, Text(generations.Commit(content)));
            case "features":
                FeatureStore features = FeatureStore.Open(folder, new() { RowSizeInBytes = content.Length, SegmentSizeInBytes = 1024 });
                features.TryAdd(new(Environment.ProcessId, 0), content, 0);
                return (features, Text(Environment.ProcessId));
            default:
                return (null, Convert.ToHexString(new KeyFileProtector(Path.Combine(folder, "profile.key")).Protect(content)));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
