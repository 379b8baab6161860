using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Training;

/// <summary>How a loader makes batches. Copied when the loader is built.</summary>
public sealed class DataLoaderOptions
{
    /// <summary>Gets or sets the rows of a batch.</summary>
    /// <value>From 1 to 65,536. The default is 32.</value>
    [Range(1, 65_536)]
    public int BatchSize { get; set; } = 32;

    /// <summary>Gets or sets what decides the order.</summary>
    /// <value>Equal seeds give equal orders. The default is 1.</value>
    public int Seed { get; set; } = 1;

    /// <summary>Gets or sets the order of the rows.</summary>
    /// <value>The default is <see cref="SampleOrder.Shuffled"/>.</value>
    [EnumDataType(typeof(SampleOrder))]
    public SampleOrder Order { get; set; } = SampleOrder.Shuffled;

    /// <summary>Gets or sets the label that fills the labels of shorter rows; null where rows of a batch are of one size.</summary>
    /// <value>The default is null: unlike rows are refused. Otherwise rows are padded to the largest of their batch, inputs (tokens, masks) with zeros. Choose the label that the loss ignores.</value>
    public long? PaddingLabel { get; set; }

    /// <summary>Gets or sets what becomes of rows that do not fill a batch.</summary>
    /// <value>The default is <see cref="LastBatch.Keep"/>.</value>
    [EnumDataType(typeof(LastBatch))]
    public LastBatch LastBatch { get; set; } = LastBatch.Keep;

    /// <summary>Gets or sets the batches that are made ahead of their use.</summary>
    /// <value>From 1 to 1,024. The default is 2.</value>
    [Range(1, 1024)]
    public int Prefetch { get; set; } = 2;

    /// <summary>Gets or sets the rows of a stream that are shuffled among each other; rows of a source that can be read in any order are shuffled all together.</summary>
    /// <value>From 1 to 1,000,000. The default is 1,024. That many rows are held in memory.</value>
    [Range(1, 1_000_000)]
    public int ShuffleWindow { get; set; } = 1024;

    internal DataLoaderOptions Copy() => (DataLoaderOptions)MemberwiseClone();
}
