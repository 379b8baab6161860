using AutLearn.Graph;
using CsCheck;

namespace AutLearn.Pruning.Tests;

[Trait("Category", "Unit")]
public sealed class MagnitudePruningTests
{
    [Fact]
    public void Apply_TwoLayers_PrunesTheSmallestOfBoth()
    {
        OnnxModel model = TwoLayers([0.1f, -4f, 3f, -0.2f], [0.05f, 2f]);

        var report = MagnitudePruning.Apply(model, 0.5);

        Assert.Equal([0f, -4f, 3f, 0f], Weights(model, "w1"));
        Assert.Equal([0f, 2f], Weights(model, "w2"));
        Assert.Equal([2L, 1L], report.Select(r => r.Zeros));
        Assert.Equal([9f, 9f], Weights(model, "b1"));
    }

    [Fact]
    public void Apply_AnyWeights_ZeroesExactlyTheShareAndKeepsTheLargest()
    {
        Gen.Select(Gen.Int[-3, 3].Array[4], Gen.Int[-3, 3].Array[2], Gen.Double[0, 0.99]).Sample(t =>
        {
            (int[] first, int[] second, double sparsity) = t;
            float[] all = [.. first.Concat(second).Select(i => (float)i)];
            OnnxModel model = TwoLayers(all[..4], all[4..]);
            MagnitudePruning.Apply(model, sparsity);
            float[] pruned = [.. Weights(model, "w1"), .. Weights(model, "w2")];
            int wanted = (int)Math.Round(sparsity * all.Length);
            Assert.Equal(Math.Max(wanted, all.Count(w => w == 0)), pruned.Count(w => w == 0));
            Assert.All(all.Zip(pruned), p => Assert.True(p.Second == 0 || p.Second == p.First));
            float[] removed = [.. all.Zip(pruned).Where(p => p.First != p.Second).Select(p => Math.Abs(p.First))];
            float[] kept = [.. pruned.Where(w => w != 0).Select(Math.Abs)];
            Assert.True(removed.Length == 0 || kept.Length == 0 || removed.Max() <= kept.Min());
        });
    }

    [Fact]
    public void Apply_WeightNotFinite_NamesIt()
    {
        InvalidModelException error = Assert.Throws<InvalidModelException>(
            () => MagnitudePruning.Apply(TwoLayers([1f, float.NaN, 1f, 1f], [1f, 1f]), 0.5));
        Assert.Contains("'w1'", error.Message, StringComparison.Ordinal);
    }

    private static OnnxModel TwoLayers(float[] first, float[] second)
    {
        var graph = new OnnxGraph("two_layers");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value w1 = graph.AddInitializer("w1", Tensor.Of<float>([2, 2], first));
        Value b1 = graph.AddInitializer("b1", Tensor.Vector(9f, 9f));
        Value w2 = graph.AddInitializer("w2", Tensor.Of<float>([2, 1], second));
        Node gemm = graph.AddNode("Gemm", [x, w1, b1], ["h"]);
        Node product = graph.AddNode("MatMul", [gemm.Output(0), w2], ["y"]);
        graph.AddOutput(product.Output(0)!);
        return new OnnxModel(graph, 18);
    }

    private static float[] Weights(OnnxModel model, string name) => model.Graph.Find(name)!.Initializer!.Span<float>().ToArray();
}
