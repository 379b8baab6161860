using AutLearn.Augment.Images;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Personalization;

/// <summary>Fine-tunes a compiled image classifier on a set of images.</summary>
/// <remarks>The backbone runs once for every image; all epochs train on what it made of them.</remarks>
internal sealed class Personalizer
{
    private const int FeatureBatchSize = 8;

    private readonly PersonalModel _model;
    private readonly ImageTensorizer _tensorizer;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The model, which stays the caller's.</param>
    /// <exception cref="AutLearnException">The artifacts do not say how images become input, or take several inputs.</exception>
    public Personalizer(PersonalModel model)
    {
        _model = model;
        ImagePreprocessing preprocessing = model.Manifest.Preprocessing
            ?? throw new AutLearnException($"The artifacts of '{model.Manifest.ModelName}' do not say how images become input. Compile a model of {ImageInput.Need}; where it leaves their size open, with --image-size.");
        _tensorizer = new ImageTensorizer(preprocessing);
    }

    /// <summary>Gets how images become input.</summary>
    public ImageTensorizer Tensorizer => _tensorizer;

    /// <summary>Runs the frozen layers over every image.</summary>
    /// <param name="images">Labelled images.</param>
    /// <param name="progress">Is told how many images are done.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public FeatureSet Extract(ImageSet images, Action<int> progress, CancellationToken cancellationToken)
    {
        FeatureSet features = _model.CreateFeatureSet();
        for (int first = 0; first < images.Count; first += FeatureBatchSize)
        {
            int rows = Math.Min(FeatureBatchSize, images.Count - first);
            var input = new TensorBuffer(_tensorizer.Preprocessing.ElementType, _tensorizer.Preprocessing.Dimensions(rows));
            Fill(images, first, input);
            using PredictionBatch batch = _model.Predict([input], cancellationToken);
            features.Add(batch, [.. images.Labels.AsSpan().Slice(first, rows).ToArray().Select(l => (long)l)]);
            progress(first + rows);
        }

        return features;
    }

    /// <summary>Decodes and resizes a run of images into a model input.</summary>
    /// <param name="images">The images.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="input">As many rows as images are wanted.</param>
    public void Fill(ImageSet images, int first, TensorBuffer input)
    {
        int rows = (int)input.Dimensions[0];
        int size = _tensorizer.BytesPerImage;
        Span<byte> target = input.Bytes;
        if (input.ElementType != _tensorizer.Preprocessing.ElementType || target.Length != rows * size)
            throw new AutLearnException($"The preprocessing makes {_tensorizer.ValuesPerImage} values of {_tensorizer.Preprocessing.ElementType} an image, but the model takes {input}.");
        for (int i = 0; i < rows; i++)
            _tensorizer.FillBytes(images.Load(first + i, _tensorizer.SufficientSide), target.Slice(i * size, size));
    }

    /// <summary>Measures the current parameters on some rows.</summary>
    public ScoreReport Score(FeatureSet features, CancellationToken cancellationToken)
    {
        EvaluationResult result = _model.Evaluate(features, cancellationToken);
        return new(result.Accuracy ?? 0, result.CorrectCount ?? 0, result.LabelCount, result.Loss);
    }

    /// <summary>Trains on features.</summary>
    /// <param name="features">The rows to train on.</param>
    /// <param name="settings">Epochs, batch size, learning rate and seed.</param>
    /// <param name="progress">Is told each step, on the training thread; null for nobody.</param>
    /// <param name="cancellationToken">Ends the work; the last finished step stays.</param>
    public Task<TrainingResult> TrainAsync(FeatureSet features, PersonalizationSettings settings, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        new FineTuner(_model).TrainAsync(
            features,
            new TrainingOptions { Epochs = settings.Epochs, BatchSize = settings.BatchSize, LearningRate = settings.LearningRate, Seed = settings.Seed },
            progress,
            cancellationToken);
}
