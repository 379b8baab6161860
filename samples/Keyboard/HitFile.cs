using System.Text.Json;
using AutLearn.Samples.Hosting;

namespace AutLearn.Samples.Keyboard;

/// <summary>Keeps the counts of hits in the profile. Nothing that was typed is ever written.</summary>
internal sealed class HitFile(string profileFolder)
{
    private readonly string _path = Path.Combine(profileFolder, "hits.json");

    /// <exception cref="AutLearnException">The file is damaged.</exception>
    public HitCounts Load()
    {
        if (!File.Exists(_path))
            return new(0, 0, 0, 0, 0, 0);
        try
        {
            return JsonSerializer.Deserialize<HitCounts>(File.ReadAllBytes(_path)) ?? new(0, 0, 0, 0, 0, 0);
        }
        catch (JsonException e)
        {
            throw new AutLearnException($"The counts in '{_path}' cannot be read: {e.Message} Delete the file.", e);
        }
    }

    public void Save(HitCounts hits) => AtomicFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(hits));

    public void Delete() => File.Delete(_path);
}
