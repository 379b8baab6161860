namespace AutLearn.Cloud.Terminal;

/// <summary>What the tool returns to its caller.</summary>
internal static class ExitCode
{
    /// <summary>The work is done.</summary>
    public const int Success = 0;

    /// <summary>The work failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C, as shells report it: 128 + SIGINT.</summary>
    public const int Cancelled = 130;
}
