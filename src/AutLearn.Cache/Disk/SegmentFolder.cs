namespace AutLearn.Cache.Disk;

/// <summary>Opens the segments of a folder and passes over what else stands there.</summary>
internal static class SegmentFolder
{
    /// <returns>The segments of one layout and key, in the order of creation.</returns>
    public static List<FeatureSegment> Open(string folder, int slotSize, int slots, byte[] header, out int damaged, out int invalidated, out int ignored)
    {
        (damaged, invalidated, ignored) = (0, 0, 0);
        List<FeatureSegment> segments = [];
        try
        {
            foreach ((string path, long number) in Directory.EnumerateFiles(folder).Select(p => (Path: p, Number: SegmentName.NumberOf(p))).OrderBy(f => f.Number))
            {
                if (Path.GetFileName(path) == FolderLock.FileName)
                    continue;
                bool isIntact = true;
                if (number > 0 && TryOpen(path, number, slotSize, slots, header, out isIntact) is { } segment)
                    segments.Add(segment);
                else if (Path.Exists(path))
                    ignored++;
                else if (isIntact)
                    invalidated++;
                else
                    damaged++;
            }
        }
        catch
        {
            segments.ForEach(s => s.Dispose());
            throw;
        }

        return segments;
    }

    // Null for what is passed over. All of it can be computed again, so what is damaged or of another key is erased.
    private static FeatureSegment? TryOpen(string path, long number, int slotSize, int slots, byte[] header, out bool isIntact)
    {
        isIntact = true;
        try
        {
            FeatureSegment? segment = FeatureSegment.Open(path, number, slotSize, slots, header, out isIntact);
            if (segment is null)
                PrivateFiles.Erase(path);
            return segment;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whatever it is, it stays in its place and its number is not used again.
            return null;
        }
    }
}
