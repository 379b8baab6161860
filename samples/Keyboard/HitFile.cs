using System.Text.Json;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;

namespace AutLearn.Samples.Keyboard;

/// <summary>Keeps the counts of hits in the profile. Nothing that was typed is ever written.</summary>
internal sealed class HitFile(string profileFolder, ProfileKey key)
{
    private readonly string _path = Path.Combine(profileFolder, "hits.json");

    /// <exception cref="AutLearnException">The file is damaged.</exception>
    public HitCounts Load()
    {
        PersonalFile.Sweep(_path);
        if (!File.Exists(_path))
            return new(0, 0, 0, 0, 0, 0);
        try
        {
            return JsonSerializer.Deserialize<HitCounts>(PersonalFile.Read(_path, key)) ?? new(0, 0, 0, 0, 0, 0);
        }
        catch (JsonException e)
        {
            throw new AutLearnException($"The counts in '{_path}' cannot be read: {e.Message} Delete the file.", e);
        }
    }

    public void Save(HitCounts hits)
    {
        PrivateFiles.CreateFolder(profileFolder);
        PersonalFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(hits), key);
    }

    public void Delete() => PersonalFile.Erase(_path);
}
