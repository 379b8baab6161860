using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Testing.Hostile;

/// <summary>Small models that ask for large work; each computes logits [N, 3] from x [N, 6] at the end, so that it can be compiled.</summary>
public static class HostileModels
{
    private const long Opset = 17;
    private const int Width = 6;

    /// <summary>Functions of <paramref name="calls"/> calls each, nested <paramref name="depth"/> deep: calls^depth nodes when inlined.</summary>
    public static OnnxModel NestedFunctions(int depth, int calls) => Of((graph, x) =>
        graph.AddNode($"f{depth}", [x], ["nested"], domain: "nest").Outputs[0]!, model =>
    {
        model.OpsetImports = model.OpsetImports.SetItem("nest", 1);
        model.Functions = [.. Enumerable.Range(0, depth + 1).Select(d => Function(d, d == 0 ? 1 : calls))];
    });

    /// <summary>A constant of 24 bytes joined with itself, again and again: 2^n times as large at the end.</summary>
    public static OnnxModel DoublingConcat(int nodes) => Of((graph, x) =>
    {
        Value c = graph.AddInitializer("c", Tensor.Of<float>([1, Width], new float[Width]));
        for (int i = 0; i < nodes; i++)
            c = Add(graph, "Concat", [c, c], ("axis", AttributeValue.Of(0L)));
        return SumInto(graph, x, c);
    });

    /// <summary>The same by two different constants, so that no result is larger than its inputs.</summary>
    public static OnnxModel DoublingByTwins(int rounds) => Of((graph, x) =>
    {
        Value c = graph.AddInitializer("c", Tensor.Of<float>([1, Width], new float[Width]));
        for (int i = 0; i < rounds; i++)
            c = Add(graph, "Concat", [Add(graph, "Neg", [c]), Add(graph, "Abs", [c])], ("axis", AttributeValue.Of(0L)));
        return SumInto(graph, x, c);
    });

    /// <summary>One constant read by many nodes, each of which gives a result that small models may always have.</summary>
    public static OnnxModel ManyExpansions(int nodes) => Of((graph, x) =>
    {
        Value c = graph.AddInitializer("c", Tensor.Vector(1f));
        for (int i = 0; i < nodes; i++)
        {
            Value sizes = graph.AddInitializer(graph.UniqueName("sizes"), Tensor.Vector(16000L + i));
            x = SumInto(graph, x, Add(graph, "Expand", [c, sizes]));
        }

        return x;
    });

    /// <summary>One long constant summed by many nodes: a small file that asks for nodes times bytes of reading.</summary>
    public static OnnxModel ManyReductions(int nodes, int elements) => Of((graph, x) =>
    {
        Value c = graph.AddInitializer("c", Tensor.Of<float>([elements], new float[elements]));
        for (int i = 0; i < nodes; i++)
            x = Add(graph, "Add", [x, Add(graph, "ReduceSum", [c], ("keepdims", AttributeValue.Of((long)(i % 2))))]);
        return x;
    });

    /// <summary>A constant whose size the graph states, 2^40 elements.</summary>
    public static OnnxModel Filled() => Of((graph, x) =>
    {
        Value sizes = graph.AddInitializer("sizes", Tensor.Vector(1L << 20, 1L << 20));
        return SumInto(graph, x, Add(graph, "ConstantOfShape", [sizes]));
    });

    /// <summary>A target shape that is computed from a size by nodes which read one value twice: 2^n ways back to the source.</summary>
    public static OnnxModel ShapeArithmetic(int nodes) => Of((graph, x) =>
    {
        Value one = graph.AddInitializer("one", Tensor.Vector(1L));
        Value size = Add(graph, "Gather", [Add(graph, "Shape", [x]), one]);
        for (int i = 0; i < nodes; i++)
            size = Add(graph, i % 2 == 0 ? "Add" : "Sub", [size, size]);
        Value rest = graph.AddInitializer("rest", Tensor.Vector(-1L));
        return SumInto(graph, x, Add(graph, "Reshape", [x, Add(graph, "Add", [size, rest])]));
    });

    /// <summary>Gathers that double the rank of what they read.</summary>
    public static OnnxModel DoublingRank(int nodes) => Of((graph, x) =>
    {
        Value index = graph.AddInitializer("index", Tensor.Of<long>([1, 1], [0]));
        for (int i = 0; i < nodes; i++)
            index = Add(graph, "Gather", [index, index]);
        return SumInto(graph, x, Add(graph, "Cast", [index], ("to", AttributeValue.Of((long)ElementType.Float32))));
    });

    /// <summary>Relu after Relu.</summary>
    public static OnnxModel Chain(int nodes) => Of((graph, x) =>
    {
        for (int i = 0; i < nodes; i++)
            x = Add(graph, "Relu", [x]);
        return x;
    });

    /// <summary>A sum in which each node adds a parameter of its own.</summary>
    public static OnnxModel ParameterChain(int nodes) => Of((graph, x) =>
    {
        for (int i = 0; i < nodes; i++)
            x = Add(graph, "Add", [x, graph.AddInitializer($"b{i}", Tensor.Of<float>([Width], Enumerable.Repeat((float)i, Width).ToArray()))]);
        return x;
    });

    /// <summary>One value that many nodes read, joined at the end.</summary>
    public static OnnxModel Fan(int nodes) => Of((graph, x) =>
    {
        Value[] branches = [.. Enumerable.Range(0, nodes).Select(i => Add(graph, "LeakyRelu", [x], ("alpha", AttributeValue.Of(i / (float)nodes))))];
        return Add(graph, "Sum", branches);
    });

    /// <summary>Constants that are equal in their first kilobyte.</summary>
    public static OnnxModel SimilarConstants(int count) => Of((graph, x) =>
    {
        for (int i = 0; i < count; i++)
        {
            float[] values = new float[300];
            values[^1] = i;
            x = SumInto(graph, x, graph.AddInitializer($"c{i}", Tensor.Of<float>([300], values)));
        }

        return x;
    });

    /// <summary>Many inputs, each with a size of its own, that one parameter multiplies and one node joins.</summary>
    public static OnnxModel ManySizes(int inputs) => Of((graph, x) =>
    {
        Value shared = graph.AddInitializer("shared", Tensor.Of<float>([Width, Width], new float[Width * Width]));
        Value[] parts = [.. Enumerable.Range(0, inputs).Select(i =>
            Add(graph, "MatMul", [graph.AddInput($"x{i}", new TensorType(ElementType.Float32, new Shape("N", $"d{i}", Width))), shared]))];
        Value axis = graph.AddInitializer("axis", Tensor.Vector(1L));
        Value sum = Add(graph, "ReduceSum", [Add(graph, "Concat", parts, ("axis", AttributeValue.Of(1L))), axis], ("keepdims", AttributeValue.Of(0L)));
        return Add(graph, "Add", [x, sum]);
    });

    /// <summary>A trained value that one node reads many times: three bytes of the file each.</summary>
    public static OnnxModel ManyUses(string opType, int uses) => Of((graph, x) =>
    {
        Value weight = graph.AddInitializer("V", Tensor.Of<float>([Width, Width], new float[Width * Width]));
        Value h = graph.AddNode("MatMul", [x, weight], ["h"]).Outputs[0]!;
        Value joined = Add(graph, opType, [.. Enumerable.Repeat(h, uses)], opType == "Concat" ? [("axis", AttributeValue.Of(1L))] : []);
        if (opType != "Concat")
            return joined;
        Value axis = graph.AddInitializer("axis", Tensor.Vector(1L));
        return Add(graph, "Add", [x, Add(graph, "ReduceSum", [joined, axis], ("keepdims", AttributeValue.Of(1L)))]);
    });

    private static OnnxModel Of(Func<OnnxGraph, Value, Value> build, Action<OnnxModel>? finish = null)
    {
        var graph = new OnnxGraph("hostile");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Width)));
        Value features = build(graph, x);
        Value weight = graph.AddInitializer("W", Tensor.Of<float>([Width, 3], [.. Enumerable.Range(0, Width * 3).Select(i => i * 0.1f)]));
        Value logits = graph.AddNode("MatMul", [features, weight], ["logits"]).Outputs[0]!;
        logits.Type = new TensorType(ElementType.Float32, new Shape("N", 3));
        graph.AddOutput(logits);
        var model = new OnnxModel(graph, Opset);
        finish?.Invoke(model);
        return model;
    }

    private static OnnxFunction Function(int level, int calls)
    {
        var body = new OnnxGraph($"f{level}");
        Value value = body.AddInput("a", null);
        for (int i = 0; i < calls; i++)
            value = body.AddNode(level == 0 ? "Relu" : $"f{level - 1}", [value], [$"v{i}"], domain: level == 0 ? "" : "nest").Outputs[0]!;
        body.AddOutput(value);
        var imports = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add("", Opset).Add("nest", 1);
        return new OnnxFunction("nest", $"f{level}", "", imports, [], ImmutableSortedDictionary<string, AttributeValue>.Empty, body, null);
    }

    private static Value SumInto(OnnxGraph graph, Value x, Value constant) =>
        Add(graph, "Add", [x, Add(graph, "ReduceSum", [constant], ("keepdims", AttributeValue.Of(0L)))]);

    private static Value Add(OnnxGraph graph, string op, Value[] inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes)
    {
        var map = new List<KeyValuePair<string, AttributeValue>>();
        foreach ((string name, AttributeValue value) in attributes)
            map.Add(new(name, value));
        return graph.AddNode(op, inputs, [graph.UniqueName(op)], map).Outputs[0]!;
    }
}
