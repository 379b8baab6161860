using System.Text.Json;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;

namespace AutLearn.Samples.Gallery;

/// <summary>Keeps the answers in the profile, by the hash of the photo and the name of the class: neither a renamed or replaced photo nor another package's class order does harm.</summary>
internal sealed class AnswerFile(string profileFolder, ProfileKey key, IReadOnlyList<string> classes)
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    private readonly string _path = Path.Combine(profileFolder, "answers.json");

    /// <exception cref="AutLearnException">The file is damaged.</exception>
    public Dictionary<string, Answer> Load()
    {
        var answers = new Dictionary<string, Answer>(StringComparer.Ordinal);
        PersonalFile.Sweep(_path);
        if (!File.Exists(_path))
            return answers;
        Dictionary<string, Entry> entries;
        try
        {
            entries = JsonSerializer.Deserialize<Dictionary<string, Entry>>(PersonalFile.Read(_path, key)) ?? [];
        }
        catch (JsonException e)
        {
            throw new AutLearnException($"The answers in '{_path}' cannot be read: {e.Message} Repair or delete the file.", e);
        }

        Dictionary<string, int> indexes = classes.Select((name, index) => (name, index)).DistinctBy(c => c.name).ToDictionary(c => c.name, c => c.index);
        foreach ((string photo, Entry entry) in entries)
        {
            if (entry?.Class is { } name && indexes.TryGetValue(name, out int index))
                answers.Add(photo, new(index, indexes.GetValueOrDefault(entry.FirstGuess ?? "", -1), entry.Order, entry.IsLearnt, entry.SizeInBytes));
        }

        return answers;
    }

    public void Save(IReadOnlyDictionary<string, Answer> answers)
    {
        Dictionary<string, Entry> entries = answers.ToDictionary(a => a.Key, a => new Entry(classes[a.Value.Class], a.Value.FirstGuess < 0 ? null : classes[a.Value.FirstGuess], a.Value.Order, a.Value.IsLearnt, a.Value.SizeInBytes));
        PrivateFiles.CreateFolder(profileFolder);
        PersonalFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(entries, Format), key);
    }

    public void Delete() => PersonalFile.Erase(_path);

    private sealed record Entry(string? Class, string? FirstGuess, int Order, bool IsLearnt, long SizeInBytes);
}
