using System.Collections.Immutable;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Sentences;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Text;
using AutLearn.Tokenizers;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Makes of sentences what a language model or a classifier is pretrained on.</summary>
internal static class TextTasks
{
    private const int LongestSentence = 256;
    private const int DefaultSequence = 20;

    /// <summary>Prepares a language model: one sequence of tokens, cut into rows; the end of it is held out, or what the data set aside.</summary>
    /// <param name="set">The sentences.</param>
    /// <param name="recipe">The network.</param>
    /// <param name="vocabularySize">The most words; null for the recipe's default.</param>
    /// <param name="sequence">The tokens of a row; null for the default, or what the network carries.</param>
    /// <param name="heldOut">The share that is held out, in [0, 1).</param>
    public static PretrainTask LanguageModel(SentenceSet set, TextRecipe recipe, int vocabularySize, int? sequence, double heldOut)
    {
        bool isDivided = heldOut > 0 && set.IsDivided;
        string[] lines = TextsOf(isDivided ? set.Pick(DataPart.Training) : set);
        ITextTokenizer tokenizer = recipe.Text is { } own
            ? TextEncoder.Open(own, PretrainedTokenizer.Open)
            : WordVocabulary.Of(lines, vocabularySize, WordVocabulary.UnknownWord, WordVocabulary.LineEnd);
        int lineEnd = recipe.Text?.Spec.End ?? (tokenizer as WordVocabulary)?.Find(WordVocabulary.LineEnd)
            ?? throw new AutLearnException($"The tokenizer that '{recipe.Name}' carries has no token that ends a line, which a language model learns from.");
        int length = sequence ?? recipe.Text?.Spec.MaxLength ?? DefaultSequence;
        ReadOnlyMemory<long> tokens = TextLines.Tokens(lines, tokenizer, lineEnd), validation = default;
        if (isDivided)
        {
            validation = TextLines.Tokens(TextsOf(set.Pick(set.Measured(DataPart.Validation))), tokenizer, lineEnd);
        }
        else if (heldOut > 0)
        {
            int held = Math.Min(tokens.Length, Math.Max(length + 1, (int)(tokens.Length * heldOut)));
            (tokens, validation) = (tokens[..^held], tokens[^held..]);
        }

        if (tokens.Length < length + 1 || (heldOut > 0 && validation.Length < length + 1))
            throw new DataFileException(set.Path, $"has {tokens.Length + validation.Length} tokens, too few for sequences of {length}{(heldOut > 0 ? " in training and validation" : "")}.");
        OnnxModel model = recipe.Build(new(tokenizer.Count, 0, 0));
        TextArtifacts text = recipe.Text is { } carried
            ? carried with { Spec = carried.Spec with { MaxLength = length } }
            : ArtifactsOf(model, (WordVocabulary)tokenizer, length, lineEnd, lineEnd);
        return new(
            recipe.Name,
            model,
            set.Description,
            DataHash.Of(set.Path),
            new TokenSource(tokens, length),
            validation.IsEmpty ? null : new TokenSource(validation, length),
            tokenizer.Count,
            null,
            [],
            (tokenizer as WordVocabulary)?.Words)
        {
            Text = text,
        };
    }

    /// <summary>Prepares a classifier: a row a sentence; some of them, drawn by the seed or set aside by the data, are held out.</summary>
    /// <param name="set">Labelled sentences.</param>
    /// <param name="recipe">The network.</param>
    /// <param name="vocabularySize">The most words, special ones included.</param>
    /// <param name="sequence">The most tokens of a row; null for as many as the longest sentence has, within reason.</param>
    /// <param name="heldOut">The share that is held out, in [0, 1).</param>
    /// <param name="seed">Decides which.</param>
    public static PretrainTask Classifier(SentenceSet set, TextRecipe recipe, int vocabularySize, int? sequence, double heldOut, int seed)
    {
        if (heldOut > 0 && set.Sentences.Count < 2)
            throw new DataFileException(set.Path, "one sentence cannot serve training and validation. Give more, or --validation 0.");
        ImmutableArray<string> classes = recipe.Classes.IsEmpty ? LabelNames.Of(set) : recipe.Classes;
        if (classes.Length < 2)
            throw new DataFileException(set.Path, $"has one label for all sentences ('{classes[0]}'); a classifier tells at least two apart. If that is the wrong column, name it with --label-column.");
        long[] labels = LabelNames.Number(set, classes, null);
        HoldOutSplit? split = heldOut == 0 ? null
            : set.IsDivided ? new(RowsOf(set, DataPart.Training), RowsOf(set, set.Measured(DataPart.Validation)))
            : HoldOutSplit.Of(set.Sentences.Count, heldOut, seed);
        int[] train = split is null ? [.. Enumerable.Range(0, set.Sentences.Count)] : [.. split.Train];
        ITextTokenizer tokenizer = recipe.Text is { } own
            ? TextEncoder.Open(own, PretrainedTokenizer.Open)
            : WordVocabulary.Of(train.Select(i => set.Sentences[i].Text), vocabularySize, WordVocabulary.PaddingWord, WordVocabulary.UnknownWord);
        int padding = recipe.Text?.Spec.Padding ?? ((WordVocabulary)tokenizer).Find(WordVocabulary.PaddingWord)!.Value;
        OnnxModel model = recipe.Build(new(tokenizer.Count, classes.Length, padding));
        TextArtifacts text = recipe.Text ?? ArtifactsOf(model, (WordVocabulary)tokenizer, sequence ?? LongestSentence, padding, end: null);
        if (recipe.Text is null && sequence is null)
            text = text with { Spec = text.Spec with { MaxLength = Math.Max(1, set.Sentences.Max(s => new TextEncoder(text.Spec, tokenizer, []).Encode(s.Text).Length)) } };
        if (recipe.Text is { } carried && sequence is { } most && most != carried.Spec.MaxLength)
            text = carried with { Spec = carried.Spec with { MaxLength = carried.Spec.PadsToMaxLength ? carried.Spec.MaxLength : most } };
        var encoder = new TextEncoder(text.Spec, tokenizer, TokenizerArguments.Inputs(model));
        return new(
            recipe.Name,
            model,
            set.Description,
            DataHash.Of(set.Path),
            Rows(train),
            split is null ? null : Rows([.. split.HoldOut]),
            classes.Length,
            null,
            classes,
            (tokenizer as WordVocabulary)?.Words)
        {
            Text = text,
        };

        SentenceSource Rows(int[] rows) => new(encoder, [.. rows.Select(i => encoder.Encode(set.Sentences[i].Text))], [.. rows.Select(i => labels[i])]);
    }

    private static string[] TextsOf(SentenceSet set) => [.. set.Sentences.Select(s => s.Text)];

    private static ImmutableArray<int> RowsOf(SentenceSet set, DataPart part) => [.. Enumerable.Range(0, set.Sentences.Count).Where(i => set.Sentences[i].Part == part)];

    private static TextArtifacts ArtifactsOf(OnnxModel model, WordVocabulary vocabulary, int maxLength, int padding, int? end)
    {
        var spec = new TextSpec
        {
            Tokenizer = TextTokenizerKind.Words,
            Files = [ArtifactNames.Vocabulary],
            Tokens = model.Graph.Inputs[0].Name,
            MaxLength = maxLength,
            Padding = padding,
            End = end,
        };
        return new(spec, ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal).Add(ArtifactNames.Vocabulary, vocabulary.ToBytes()));
    }
}
