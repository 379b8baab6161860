using System.Collections.Immutable;
using System.Text;
using AutLearn.Cloud.Sentences;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Augments a file of sentences.</summary>
internal sealed class TextAugmentation(Func<string, long, ImmutableArray<string>> augment, SentenceContent content)
{
    /// <summary>Writes the sentences with their augmented forms below each.</summary>
    /// <returns>The lines written.</returns>
    public int Write(IReadOnlyList<LabelledSentence> sentences, string path, Action<int> progress, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        int lines = 0;
        for (int row = 0; row < sentences.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (string? label, string sentence, _) = sentences[row];
            if (content == SentenceContent.All)
                Add(label, sentence);
            foreach (string augmented in augment(sentence, row))
                Add(label, augmented);
            progress(row + 1);
        }

        OutputFile.Write(path, Encoding.UTF8.GetBytes(text.ToString()));
        return lines;

        void Add(string? label, string sentence)
        {
            if (label is not null)
                text.Append(label.Replace('\t', ' ').ReplaceLineEndings(" ")).Append('\t');
            text.Append(sentence.ReplaceLineEndings(" ")).Append('\n');
            lines++;
        }
    }
}
