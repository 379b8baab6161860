using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Text;

namespace AutLearn.Runtime;

/// <summary>Turns texts into a model's inputs by the tokenizer that its package carries, and tokens back into text.</summary>
/// <remarks>Immutable; safe for use by several threads.</remarks>
public sealed class TextEncoder
{
    private readonly ImmutableArray<TensorSpec> _inputs;

    /// <summary>Takes a tokenizer.</summary>
    /// <param name="spec">How tokens become rows.</param>
    /// <param name="tokenizer">What cuts texts.</param>
    /// <param name="inputs">The model's inputs, in their order.</param>
    /// <exception cref="AutLearnException">The model has an input that no text fills, or a special token has no number.</exception>
    public TextEncoder(TextSpec spec, ITextTokenizer tokenizer, ImmutableArray<TensorSpec> inputs)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (spec.Problem() is { } problem)
            throw new AutLearnException($"The text cannot be used: {problem}.");
        if (inputs.FirstOrDefault(i => i.Name != spec.Tokens && i.Name != spec.Mask && i.Name != spec.Segments) is { } other)
            throw new AutLearnException($"The model's input '{other.Name}' is neither tokens nor mask nor segments; an app that knows what it is fills the inputs itself.");
        if (Math.Max(spec.Padding, Math.Max(spec.Start ?? 0, spec.End ?? 0)) >= tokenizer.Count)
            throw new AutLearnException($"A special token is none of the tokenizer's {tokenizer.Count}.");
        Spec = spec;
        Tokenizer = tokenizer;
        _inputs = inputs;
    }

    /// <summary>Gets how tokens become rows.</summary>
    public TextSpec Spec { get; }

    /// <summary>Gets what cuts texts.</summary>
    public ITextTokenizer Tokenizer { get; }

    /// <summary>Opens the tokenizer of a package.</summary>
    /// <param name="model">The model; not kept.</param>
    /// <param name="open">
    /// Opens tokenizers of other kinds than <see cref="TextTokenizerKind.Words"/>: <c>PretrainedTokenizer.Open</c> of <c>AutLearn.Tokenizers</c>, which an
    /// app carries only where it needs it.
    /// </param>
    /// <exception cref="AutLearnException">The package carries no tokenizer, or one of another kind where <paramref name="open"/> is null.</exception>
    /// <exception cref="InvalidArtifactException">The tokenizer's files are damaged.</exception>
    public static TextEncoder Of(PersonalModel model, Func<TextArtifacts, ITextTokenizer>? open = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        TextSpec spec = model.Manifest.Text
            ?? throw new AutLearnException($"The package of '{model.Manifest.ModelName}' carries no tokenizer. Pretrain the model with 'autlearn pretrain', or compile it with --tokenizer.");
        var text = new TextArtifacts(spec, spec.Files.ToImmutableSortedDictionary(f => f, model.ReadFile, StringComparer.Ordinal));
        return new(spec, Open(text, open), model.Manifest.Inputs);
    }

    /// <summary>Opens a tokenizer.</summary>
    /// <param name="text">Its files.</param>
    /// <param name="open">Opens other kinds than <see cref="TextTokenizerKind.Words"/>; null where there are none.</param>
    /// <exception cref="AutLearnException">The kind needs <paramref name="open"/>.</exception>
    /// <exception cref="InvalidArtifactException">A file is damaged.</exception>
    public static ITextTokenizer Open(TextArtifacts text, Func<TextArtifacts, ITextTokenizer>? open = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Spec.Tokenizer != TextTokenizerKind.Words)
            return open?.Invoke(text) ?? throw new AutLearnException($"A tokenizer of kind {text.Spec.Tokenizer} is read by AutLearn.Tokenizers: give PretrainedTokenizer.Open.");
        string file = text.Spec.Files[0];
        try
        {
            return WordVocabulary.Parse(text.Files[file].Span);
        }
        catch (FormatException e)
        {
            throw new InvalidArtifactException($"The vocabulary '{file}' cannot be used: {e.Message}", e) { File = file };
        }
    }

    /// <summary>Gives a text's tokens as a row has them: special ones around, cut to the most that a row holds, not filled up.</summary>
    public long[] Encode(ReadOnlySpan<char> text)
    {
        var tokens = new List<long>();
        if (Spec.Start is { } start)
            tokens.Add(start);
        Tokenizer.Encode(text, tokens);
        int most = Spec.MaxLength - (Spec.End is null ? 0 : 1);
        if (tokens.Count > most)
            tokens.RemoveRange(most, tokens.Count - most);
        if (Spec.End is { } end)
            tokens.Add(end);
        return [.. tokens];
    }

    /// <summary>Fills the model's inputs with texts, one a row.</summary>
    /// <param name="texts">At least one.</param>
    /// <returns>New buffers in the order of the model's inputs, as long as the longest row, or as every row must be.</returns>
    public TensorBuffer[] Inputs(params IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfZero(texts.Count, nameof(texts));
        return Rows([.. texts.Select(t => Encode(t))]);
    }

    /// <summary>Fills the model's inputs with rows of tokens.</summary>
    /// <param name="rows">At least one, each of <see cref="Encode"/> or no longer than <see cref="TextSpec.MaxLength"/>.</param>
    /// <param name="length">The least tokens of a row; shorter ones are filled up.</param>
    public TensorBuffer[] Rows(IReadOnlyList<long[]> rows, int length = 1)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count, nameof(rows));
        int longest = Spec.PadsToMaxLength ? Spec.MaxLength : Math.Max(length, rows.Max(r => r.Length));
        if (longest > Spec.MaxLength)
            throw new ArgumentException($"A row has {longest} tokens; the model takes {Spec.MaxLength}.", nameof(rows));
        var buffers = new TensorBuffer[_inputs.Length];
        for (int i = 0; i < buffers.Length; i++)
        {
            string name = _inputs[i].Name;
            buffers[i] = new TensorBuffer(_inputs[i].ElementType, rows.Count, longest);
            for (int r = 0; r < rows.Count; r++)
            {
                for (int t = 0; t < longest; t++)
                {
                    bool isText = t < rows[r].Length;
                    Write(buffers[i], (r * longest) + t, name == Spec.Tokens ? (isText ? rows[r][t] : Spec.Padding) : name == Spec.Mask && isText ? 1 : 0);
                }
            }
        }

        return buffers;
    }

    /// <summary>Writes tokens as text, without the special ones around a row.</summary>
    public string Decode(ReadOnlySpan<long> tokens)
    {
        if (!tokens.IsEmpty && tokens[0] == Spec.Start)
            tokens = tokens[1..];
        while (!tokens.IsEmpty && (tokens[^1] == Spec.Padding || tokens[^1] == Spec.End))
            tokens = tokens[..^1];
        return Tokenizer.Decode(tokens);
    }

    private static void Write(TensorBuffer buffer, int index, long value)
    {
        switch (buffer.ElementType)
        {
            case ElementType.Int64:
                buffer.Span<long>()[index] = value;
                break;
            case ElementType.Int32:
                buffer.Span<int>()[index] = checked((int)value);
                break;
            case ElementType.Bool:
                buffer.Bytes[index] = (byte)value;
                break;
            default:
                buffer.Span<float>()[index] = value;
                break;
        }
    }
}
