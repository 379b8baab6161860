using System.Numerics.Tensors;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Samples.Keyboard;

/// <summary>Scores every word of the vocabulary as the next one.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class NextWordModel : IDisposable
{
    private readonly PersonalModel _model;

    public NextWordModel(PersonalModel model)
    {
        _model = model;
        Batch = model.CreateBatch(1);
    }

    /// <summary>Gets the last prediction.</summary>
    public PredictionBatch Batch { get; }

    private ReadOnlySpan<float> Scores => Batch.Logits.Span<float>();

    /// <summary>Reads the vocabulary of a package.</summary>
    /// <exception cref="AutLearnException">The package is not one of a next-word network.</exception>
    public static Vocabulary VocabularyOf(ArtifactManifest manifest)
    {
        if (manifest.Inputs is not [{ ElementType: ElementType.Int64, Shape: [_, var length] }] || length != $"{Vocabulary.ContextLength}")
            throw new AutLearnException($"The package of '{manifest.ModelName}' is no next-word network: it does not take {Vocabulary.ContextLength} word numbers a row.");
        if (manifest.Logits.ElementType != ElementType.Float32 || manifest.Logits.Shape is not [_, var scores] || scores != $"{manifest.Classes.Length}")
            throw new AutLearnException($"The package of '{manifest.ModelName}' has {manifest.Classes.Length} words but scores {string.Join("x", manifest.Logits.Shape)}. Compile it with its vocabulary as class names.");
        try
        {
            return new Vocabulary(manifest.Classes);
        }
        catch (ArgumentException e)
        {
            throw new AutLearnException($"The vocabulary of '{manifest.ModelName}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Predicts into <see cref="Batch"/>.</summary>
    public void Predict(ReadOnlySpan<long> context)
    {
        context.CopyTo(Batch.Inputs[0].Span<long>());
        _model.Predict(Batch);
    }

    /// <summary>Gets the best words that satisfy a condition, best first; of equal scores the lower index.</summary>
    public int[] Best(int count, Func<int, bool> condition)
    {
        float[] scores = Scores.ToArray();
        return [.. Enumerable.Range(Vocabulary.Reserved, scores.Length - Vocabulary.Reserved).Where(condition).OrderByDescending(w => scores[w]).Take(count)];
    }

    public float[] Probabilities()
    {
        float[] probabilities = new float[Scores.Length];
        TensorPrimitives.SoftMax(Scores, probabilities);
        return probabilities;
    }

    public void Dispose() => Batch.Dispose();
}
