namespace AutLearn.Runtime.Scheduling;

/// <summary>The room left for the app's data.</summary>
internal sealed class FreeStorage(string? folder)
{
    private readonly string? _folder = folder is null ? null : Path.GetFullPath(folder);

    public long? Read()
    {
        if (_folder is null)
            return null;
        try
        {
            // The folder may not exist yet; its parents lie on the same volume.
            string? existing = _folder;
            while (existing is not null && !Directory.Exists(existing))
                existing = Path.GetDirectoryName(existing);
            return existing is null ? null : new DriveInfo(existing).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
