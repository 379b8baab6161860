using Microsoft.Data.Sqlite;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Turns SQLite's result codes (sqlite.org/rescode.html) into what an app can act on.</summary>
internal static class SqliteFaults
{
    private const int PermissionDenied = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int OutOfMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;

    private const int ShortRead = 522;
    private const int CorruptFileSystem = 8458;

    public static void Translate(string path, Action action)
    {
        try
        {
            action();
        }
        catch (SqliteException error)
        {
            throw Translated(path, error);
        }
        catch (Exception error) when (error is InvalidCastException or OverflowException or FormatException)
        {
            throw Damaged(path, "a value is of another type", error);
        }
    }

    public static SampleStoreException Damaged(string path, string what, Exception? cause) =>
        new(SampleStoreFailure.Damaged, $"The database '{path}' is damaged: {what}. Restore it from a copy, or call SampleStore.Destroy to begin anew.", cause) { File = path };

    public static SampleStoreException InUse(string path, Exception cause) =>
        new(SampleStoreFailure.InUse, $"The samples in '{path}' are open elsewhere, in this process or another. Close the other store, or share one.", cause) { File = path };

    private static Exception Translated(string path, SqliteException error) => error.SqliteErrorCode switch
    {
        Busy or Locked => InUse(path, error),
        InputOutput when error.SqliteExtendedErrorCode is ShortRead or CorruptFileSystem => Damaged(path, "a part of it is missing", error),
        Full => new IOException($"The disk is full: '{path}' could not be written, and what was committed before stands. Free some space and repeat.", error),
        PermissionDenied or ReadOnly or InputOutput or CannotOpen => new IOException($"The database '{path}' could not be read or written (SQLite error {error.SqliteExtendedErrorCode}); what was committed before stands.", error),
        OutOfMemory => new InsufficientMemoryException($"SQLite has no memory to work on '{path}'.", error),
        _ => Damaged(path, $"SQLite reports error {error.SqliteExtendedErrorCode}", error),
    };
}
