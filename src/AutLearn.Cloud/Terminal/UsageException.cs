namespace AutLearn.Cloud.Terminal;

/// <summary>The command line asks for something that does not fit together.</summary>
internal sealed class UsageException : AutLearnException
{
    public UsageException(string message)
        : base(message)
    {
    }
}
