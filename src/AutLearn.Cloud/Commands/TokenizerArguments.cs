using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Tokenizers;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that name the tokenizer of a pretrained model.</summary>
internal sealed class TokenizerArguments
{
    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "Text models: the tokenizer that the model came with, a folder of a model hub or a file (tokenizer.json, vocab.txt, vocab.json beside merges.txt, or a SentencePiece .model); what is written carries it. Default: the one that the model itself carries, as 'pretrain' writes it.",
        HelpName = "folder or file",
    };

    private readonly Option<int?> _maxTokens = new Option<int?>("--max-tokens")
    {
        Description = "With --tokenizer: the most tokens of a text; the rest is cut off. Default: what tokenizer or model say, at most 512, or else 256.",
        HelpName = "number",
    }.Between(3, TextSpec.LongestRow);

    public void AddTo(Command command)
    {
        command.Add(_tokenizer);
        command.Add(_maxTokens);
    }

    /// <summary>Tells whether a tokenizer was named.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_tokenizer) is not null || parsed.GetValue(_maxTokens) is not null;

    /// <summary>Reads the tokenizer that was named, or that the model carries; null where there is none.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The model.</param>
    /// <param name="isFixed">Tells inputs that nobody fills.</param>
    public TextArtifacts? Read(ParseResult parsed, OnnxModel model, Func<string, bool> isFixed)
    {
        int? most = parsed.GetValue(_maxTokens);
        if (parsed.GetValue(_tokenizer) is not { } path)
            return most is null ? TextNotes.Read(model) : throw new UsageException("Option --max-tokens belongs to --tokenizer.");
        return TokenizerFolder.Read(path, [.. Inputs(model).Where(i => !isFixed(i.Name))], most);
    }

    /// <summary>Describes a model's inputs.</summary>
    public static ImmutableArray<TensorSpec> Inputs(OnnxModel model) =>
    [
        .. model.Graph.Inputs.Where(i => i.Shape is not null && i.Type is not null).Select(i =>
            new TensorSpec(i.Name, i.Type!.ElementType, [.. i.Shape!.Select(d => d.IsKnown ? d.Size.ToString(CultureInfo.InvariantCulture) : d.Symbol ?? "?")])),
    ];
}
