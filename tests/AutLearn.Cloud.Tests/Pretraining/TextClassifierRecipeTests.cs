using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Cloud.Tests.Pretraining;

[Trait("Category", "Unit")]
public sealed class TextClassifierRecipeTests
{
    [Theory]
    [InlineData("Mean")]
    [InlineData("Attention")]
    [InlineData("Lstm")]
    public void Build_RowsFilledUp_ScoreAsWithoutFilling(string pooling)
    {
        using OrtModel model = Open(pooling);
        float[] alone = Scores(model, [3, 4, 5]);
        Assert.Equal(alone, Scores(model, [3, 4, 5, 0, 0, 0]), Within);
        Assert.NotEqual(alone, Scores(model, [3, 4, 6]), Within);
    }

    [Theory]
    [InlineData("Mean")]
    [InlineData("Attention")]
    [InlineData("Lstm")]
    public void Build_RowWithoutAnyWord_IsFinite(string pooling)
    {
        using OrtModel model = Open(pooling);
        Assert.All(Scores(model, [0, 0]), s => Assert.True(float.IsFinite(s)));
    }

    [Fact]
    public void Build_Lstm_ReadsTheOrderOfWords()
    {
        using OrtModel model = Open("Lstm");
        Assert.NotEqual(Scores(model, [3, 4, 5]), Scores(model, [5, 4, 3]), Within);
    }

    private static bool Within(float a, float b) => Math.Abs(a - b) < 1e-5f;

    private static OrtModel Open(string pooling) =>
        new(new TextClassifierRecipe(8, 3, 16, Enum.Parse<TextPooling>(pooling), 0, 0.5).Build(5), GraphOptimizationLevel.ORT_ENABLE_ALL);

    private static float[] Scores(OrtModel model, long[] tokens) =>
        model.Run(new Dictionary<string, Tensor> { ["tokens"] = Tensor.Of<long>([1, tokens.Length], tokens) })["logits"].Span<float>().ToArray();
}
