using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>Compares each element of a gradient with central differences, or with 0 where the loss is known not to depend on it.</summary>
internal static class GradientDifferences
{
    /// <summary>Checks the gradient of the sum of y (y + 0.3), raw and optimized.</summary>
    public static void Check(
        Func<ForwardGraph, Value, Value> build,
        long[] sizes,
        double[] at,
        Func<int, bool> isHidden,
        ElementType type = ElementType.Float64,
        IReadOnlyDictionary<string, Tensor>? feeds = null)
    {
        var model = new OnnxModel(new OnnxGraph("differences"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", new TensorType(type, Shape.Of(sizes)));
        foreach ((string name, Tensor tensor) in feeds ?? new Dictionary<string, Tensor>())
            model.Graph.AddInput(name, tensor.Type);
        Value flat = graph.Op("Reshape", [build(graph, x), graph.Constant(Tensor.Vector(-1L))]);
        Value loss = graph.Op("ReduceSum", [graph.Op("Mul", [flat, graph.Op("Add", [flat, Number(graph, 0.3)])])], ("keepdims", AttributeValue.Of(0L)));
        Value gradient = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x])[x];
        model.Graph.AddOutput(loss);
        model.Graph.AddOutput(gradient);
        model.Graph.SortTopologically();
        ModelChecker.Check(model);
        foreach (GraphOptimizationLevel level in (GraphOptimizationLevel[])[GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL])
        {
            using var ort = new OrtModel(model, level);
            IReadOnlyDictionary<string, Tensor> Run(double[] values) =>
                ort.Run(new Dictionary<string, Tensor>(feeds ?? new Dictionary<string, Tensor>()) { ["x"] = CaseData.FromDoubles(type, sizes, values) });
            double LossAt(double[] values) => CaseData.ToDoubles(Run(values)[loss.Name])[0];
            Assert.True(double.IsFinite(LossAt(at)), "The loss of this case is not finite.");
            double[] found = CaseData.ToDoubles(Run(at)[gradient.Name]);
            double h = type == ElementType.Float64 ? 1e-5 : 1e-2, tolerance = type == ElementType.Float64 ? 1e-6 : 5e-3;
            for (int i = 0; i < at.Length; i++)
            {
                double[] up = [.. at], down = [.. at];
                up[i] += h;
                down[i] -= h;
                double expected = isHidden(i) ? 0 : (LossAt(up) - LossAt(down)) / (2 * h);
                bool isClose = isHidden(i) ? found[i] == 0 : Math.Abs(found[i] - expected) <= tolerance * Math.Max(1, Math.Abs(expected));
                Assert.True(isClose, $"Gradient {i} is {found[i]:R} instead of {expected:R} ({level}).");
            }
        }
    }

    /// <summary>A number of the type of x.</summary>
    public static Value Number(ForwardGraph graph, double value) =>
        graph.Constant(graph.Model.Graph.Find("x")!.ElementType == ElementType.Float64 ? Tensor.Scalar(value) : Tensor.Scalar((float)value));
}
