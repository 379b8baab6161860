namespace AutLearn.Cloud.Terminal;

/// <summary>Says in the words of the command line what the library says in those of its code.</summary>
internal static class ToolWords
{
    private static readonly (string Code, string Tool)[] Words =
    [
        ("Give its name as LogitsName.", "Give its name with --logits."),
        (", or register one with GradientRegistry.Add.", ": choose others with --trainable or --last."),
        (", or register rules with GradientRegistry.Add.", ": choose others with --trainable or --last."),
        ("that the compiler wrote.", "that 'autlearn compile' wrote."),
    ];

    /// <summary>Rewrites a message.</summary>
    public static string Of(string message) => Words.Aggregate(message, static (text, word) => text.Replace(word.Code, word.Tool, StringComparison.Ordinal));
}
