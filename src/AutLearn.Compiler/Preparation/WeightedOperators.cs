using System.Collections.Frozen;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>What is known of operators that carry weights: where these stand, and what they are to a layer.</summary>
internal static class WeightedOperators
{
    private const string Contributed = "com.microsoft";

    private static readonly FrozenDictionary<(string Domain, string OpType), (int, ParameterKind)[]> Positions = CreatePositions();

    private static readonly FrozenSet<string> Elementwise = new[] { "Add", "Sub", "Mul", "Div" }.ToFrozenSet();

    private static readonly FrozenSet<string> Moving = new[] { "Transpose", "Reshape", "Identity", "Squeeze", "Unsqueeze", "Flatten", "Cast", "Expand", "Slice", "Gather", "Split", "Tile", "Pad" }.ToFrozenSet();

    private static readonly FrozenSet<(string, string)> Weighted = new[] { "Gemm", "MatMul", "Conv", "ConvTranspose", "LSTM", "GRU", "RNN", "Gather", "Einsum" }.Select(o => ("", o))
        .Concat(new[] { "FusedMatMul", "FusedGemm", "FusedConv", "Attention", "EmbedLayerNormalization" }.Select(o => (Contributed, o))).ToFrozenSet();

    // Where the integers stand.
    private static readonly FrozenDictionary<(string, string), int> Integer = new Dictionary<(string, string), int>
    {
        [("", "QLinearConv")] = 3,
        [("", "QLinearMatMul")] = 3,
        [("", "ConvInteger")] = 1,
        [("", "MatMulInteger")] = 1,
        [(Contributed, "DynamicQuantizeMatMul")] = 1,
        [(Contributed, "MatMulIntegerToFloat")] = 1,
        [(Contributed, "MatMulNBits")] = 1,
        [(Contributed, "QGemm")] = 3,
    }.ToFrozenDictionary();

    /// <summary>Gets the inputs that carry parameters, with what the constant there is to the layer.</summary>
    public static IReadOnlyList<(int Position, ParameterKind Kind)> PositionsOf(Node node) => Positions.GetValueOrDefault((node.Domain, node.OpType), []);

    /// <summary>Tells whether an operator begins a layer.</summary>
    public static bool IsWeighted(Node node) => Weighted.Contains((node.Domain, node.OpType));

    /// <summary>Tells whether an operator carries weights only if what stands beside it does.</summary>
    public static bool IsElementwise(Node node) => node.Domain.Length == 0 && Elementwise.Contains(node.OpType);

    /// <summary>Tells whether an operator moves or converts its first input, and reads the others to know how.</summary>
    public static bool Moves(Node node) => Moving.Contains(node.OpType);

    /// <summary>Gets the constant that holds the weights of an operator as integers; null where there is none.</summary>
    public static Value? IntegersOf(Node node) => Integer.TryGetValue((node.Domain, node.OpType), out int position) && node.Input(position) is { IsConstant: true } weights ? weights : null;

    /// <summary>Gets the input that holds the matrix of an affine map of vectors or maps (its features are input 0); null for other operators.</summary>
    public static int? MatrixOf(Node node) =>
        Integer.TryGetValue((node.Domain, node.OpType), out int position) ? position
        : node.OpType is "Gemm" or "MatMul" or "Conv" or "FusedMatMul" or "FusedGemm" or "FusedConv" && IsWeighted(node) ? 1
        : null;

    private static FrozenDictionary<(string, string), (int, ParameterKind)[]> CreatePositions()
    {
        var positions = new Dictionary<(string, string), (int, ParameterKind)[]>();
        Add("", [(0, ParameterKind.Weight), (1, ParameterKind.Weight), (2, ParameterKind.Bias)], "Gemm");
        Add("", [(0, ParameterKind.Weight), (1, ParameterKind.Weight)], "MatMul", "Einsum");
        Add("", [(0, ParameterKind.Bias), (1, ParameterKind.Bias)], "Add", "Sub");
        Add("", [(0, ParameterKind.Weight), (1, ParameterKind.Weight)], "Mul", "Div");
        Add("", [(1, ParameterKind.Weight), (2, ParameterKind.Bias)], "Conv", "ConvTranspose");
        Add("", [(1, ParameterKind.Normalization), (2, ParameterKind.Normalization)], "BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization");
        Add("", [(1, ParameterKind.Normalization)], "RMSNormalization");
        Add("", [(1, ParameterKind.Weight)], "PRelu");
        Add("", [(1, ParameterKind.Weight), (2, ParameterKind.Weight), (3, ParameterKind.Bias), (7, ParameterKind.Weight)], "LSTM");
        Add("", [(1, ParameterKind.Weight), (2, ParameterKind.Weight), (3, ParameterKind.Bias)], "GRU", "RNN");
        Add("", [(0, ParameterKind.Weight)], "Gather");
        Add(Contributed, [(0, ParameterKind.Weight), (1, ParameterKind.Weight)], "FusedMatMul");
        Add(Contributed, [(1, ParameterKind.Weight), (2, ParameterKind.Bias)], "FusedGemm", "FusedConv", "Attention");
        Add(Contributed, [(1, ParameterKind.Bias)], "BiasGelu", "FastGelu");
        Add(Contributed, [(2, ParameterKind.Normalization), (3, ParameterKind.Normalization), (4, ParameterKind.Bias)], "SkipLayerNormalization");
        Add(Contributed, [(2, ParameterKind.Normalization), (3, ParameterKind.Bias)], "SkipSimplifiedLayerNormalization");
        Add(Contributed, [(2, ParameterKind.Weight), (3, ParameterKind.Weight), (4, ParameterKind.Weight), (5, ParameterKind.Normalization), (6, ParameterKind.Normalization)], "EmbedLayerNormalization");
        Add("", [(1, ParameterKind.Normalization)], "SimplifiedLayerNormalization");
        return positions.ToFrozenDictionary();

        void Add(string domain, (int, ParameterKind)[] at, params string[] operators)
        {
            foreach (string opType in operators)
                positions.Add((domain, opType), at);
        }
    }
}
