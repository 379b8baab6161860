namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>How a text classifier makes one vector of a sentence.</summary>
internal enum TextPooling
{
    /// <summary>The mean of the words.</summary>
    Mean,

    /// <summary>A mean weighed by what the network attends to.</summary>
    Attention,

    /// <summary>The last state of an LSTM.</summary>
    Lstm,
}
