using System.CommandLine;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that name the columns of a table of sentences.</summary>
internal sealed class SentenceArguments
{
    public Option<string?> Text { get; } = new("--text-column")
    {
        Description = "Tables: the column of the sentences, by name or number from 1. Default: the one whose header says text, sentence, tweet, ..., or what two columns without a header show.",
        HelpName = "column",
    };

    public Option<string?> Label { get; } = new("--label-column")
    {
        Description = "Tables: the column of the labels, by name or number from 1. Default: the one whose header says label, class, ..., or what two columns without a header show.",
        HelpName = "column",
    };

    /// <summary>Refuses the options where the model reads no text.</summary>
    /// <exception cref="UsageException">One is given.</exception>
    public void Refuse(ParseResult parsed)
    {
        if (parsed.GetValue(Text) is not null || parsed.GetValue(Label) is not null)
            throw new UsageException("Options --text-column and --label-column are for models that carry a tokenizer; this one does not.");
    }

    /// <summary>Reads the sentences of a file.</summary>
    public SentenceSet Read(ParseResult parsed, string path, LabelNeed need) => SentenceFile.Read(path, need, parsed.GetValue(Text), parsed.GetValue(Label));
}
