using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Labelled images as rows: decoded, scaled and normalised when asked for.</summary>
internal sealed class ImageSource : ISampleSource
{
    private readonly ImageSet _images;
    private readonly ImageTensorizer _tensorizer;
    private readonly long[] _dimensions;

    public ImageSource(ImageSet images, ImagePreprocessing preprocessing)
    {
        _images = images;
        _tensorizer = new(preprocessing);
        _dimensions = preprocessing.Dimensions(1)[1..];
    }

    public int Count => _images.Count;

    public TrainingSample Read(int index, int epoch)
    {
        byte[] bytes = new byte[_tensorizer.BytesPerImage];
        _tensorizer.FillBytes(_images.Load(index, _tensorizer.SufficientSide), bytes);
        return new([new Tensor(_tensorizer.Preprocessing.ElementType, _dimensions, bytes)], Tensor.Scalar((long)_images.Labels[index]));
    }
}
