using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using static AutLearn.Compiler.Tests.Gradients.GradientDifferences;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>Where a finite loss does not depend on an element, its gradient is 0, whatever its value and slope are; all others are as differences say.</summary>
[Trait("Category", "Conformance")]
public sealed class UnselectedElementTests
{
    // x is [3, 4]; what a column of the mask hides, no loss sees.
    private static readonly bool[] Mask = [true, false, true, true, true, true, false, true, false, false, true, true];

    private static readonly Dictionary<string, Func<ForwardGraph, Value, Value>> Functions = new()
    {
        ["sqrt"] = (g, x) => g.Op("Sqrt", [x]),
        ["pow 0.5"] = (g, x) => g.Op("Pow", [x, Number(g, 0.5)]),
        ["pow 0.3"] = (g, x) => g.Op("Pow", [x, Number(g, 0.3)]),
        ["pow -1"] = (g, x) => g.Op("Pow", [x, Number(g, -1)]),
        ["pow -2.5"] = (g, x) => g.Op("Pow", [x, Number(g, -2.5)]),
        ["x^x"] = (g, x) => g.Op("Pow", [x, x]),
        ["log"] = (g, x) => g.Op("Log", [x]),
        ["reciprocal"] = (g, x) => g.Op("Reciprocal", [x]),
        ["1 / x"] = (g, x) => g.Op("Div", [Number(g, 1), x]),
        ["x / x^2"] = (g, x) => g.Op("Div", [x, g.Op("Mul", [x, x])]),
        ["x log x"] = (g, x) => g.Op("Mul", [x, g.Op("Log", [x])]),
        ["exp 1/x"] = (g, x) => g.Op("Exp", [g.Op("Reciprocal", [x])]),
        ["tanh log"] = (g, x) => g.Op("Tanh", [g.Op("Log", [x])]),
        ["sigmoid of x / x"] = (g, x) => g.Op("Sigmoid", [g.Op("Div", [x, x])]),
        ["sin of the root"] = (g, x) => g.Op("Mul", [g.Op("Sqrt", [x]), g.Op("Sqrt", [g.Op("Sqrt", [x])])]),
        ["relu of the log"] = (g, x) => g.Op("Relu", [g.Op("Log", [g.Op("Mul", [x, Number(g, 3)])])]),
        ["abs of the log"] = (g, x) => g.Op("Abs", [g.Op("Log", [x])]),
        ["softplus of the log"] = (g, x) => g.Op("Softplus", [g.Op("Log", [x])]),
        ["elu of the log"] = (g, x) => g.Op("Elu", [g.Op("Log", [x])]),
        ["maximum"] = (g, x) => g.Op("Max", [g.Op("Log", [x]), g.Op("Neg", [x])]),
        ["root of the square"] = (g, x) => g.Op("Sqrt", [g.Op("Mul", [x, x])]),
    };

    private static readonly Dictionary<string, Func<ForwardGraph, Value, Value>> Selections = new()
    {
        ["where"] = (g, y) => g.Op("Where", [g.Constant(Tensor.Of<bool>([3, 4], Mask)), y, Number(g, 0)]),
        ["where the other way round"] = (g, y) => g.Op("Where", [g.Constant(Tensor.Of<bool>([3, 4], [.. Mask.Select(m => !m)])), Number(g, 7), y]),
        ["gather"] = (g, y) => g.Op("Gather", [g.Op("Reshape", [y, g.Constant(Tensor.Vector(-1L))]), g.Constant(Tensor.Vector<long>([.. Kept]))]),
        ["scaled, then gather"] = (g, y) => g.Op("Gather", [g.Op("Reshape", [g.Op("Mul", [y, g.Op("Exp", [Number(g, 1)])]), g.Constant(Tensor.Vector(-1L))]), g.Constant(Tensor.Vector<long>([.. Kept]))]),
    };

    public static TheoryData<string, string, double> Rows()
    {
        var rows = new TheoryData<string, string, double>();
        foreach (string function in Functions.Keys)
        {
            foreach (string selection in Selections.Keys)
            {
                foreach (double hidden in (double[])[0, -1, -0d, 1e30])
                    rows.Add(function, selection, hidden);
            }
        }

        return rows;
    }

    private static IEnumerable<long> Kept => Enumerable.Range(0, Mask.Length).Where(i => Mask[i]).Select(i => (long)i);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Gradient_BehindSelection_IsZeroThereAndRightElsewhere(string function, string selection, double hidden)
    {
        double[] x = [.. Mask.Select((m, i) => m ? 0.4 + (0.1 * i) : hidden)];
        ElementType type = function.StartsWith("softplus", StringComparison.Ordinal) || function.StartsWith("elu", StringComparison.Ordinal) ? ElementType.Float32 : ElementType.Float64;
        Check((g, v) => Selections[selection](g, Functions[function](g, v)), [3, 4], x, i => !Mask[i], type);
    }

    [Theory]
    [InlineData("clip")]
    [InlineData("max")]
    [InlineData("masking product")]
    [InlineData("slice")]
    [InlineData("largest")]
    [InlineData("split")]
    [InlineData("norm of padding")]
    [InlineData("logistic by hand")]
    [InlineData("swish by hand")]
    public void Gradient_BehindOtherSelections_IsZeroThere(string selection)
    {
        double[] x = [0.5, 0.7, 0.9, 1.1, 0, 0, 0, 0, 1.3, 1.5, 1.7, 1.9];
        bool Hidden(int i) => i is >= 4 and < 8;
        Value Ints(ForwardGraph g, params long[] v) => g.Constant(Tensor.Vector<long>(v));
        if (selection.EndsWith("by hand", StringComparison.Ordinal))
            x = [.. x.Select(v => v == 0 ? -1000 : v)];
        Check(
            (g, v) => selection switch
            {
                "clip" => g.Op("Clip", [g.Op("Log", [v]), Number(g, -2), Number(g, 2)]),
                "max" => g.Op("Max", [g.Op("Log", [v]), Number(g, -2)]),
                "masking product" => g.Op("Mul", [g.Op("Sqrt", [v]), g.Constant(Tensor.Of<double>([3, 1], [1d, 0, 2]))]),
                "slice" => g.Op("Slice", [g.Op("Sqrt", [v]), Ints(g, 0), Ints(g, 3), Ints(g, 0), Ints(g, 2)]),
                "largest" => g.Op("ReduceMax", [g.Op("Sqrt", [g.Op("Mul", [v, g.Constant(Tensor.Of<double>([3, 1], [1d, 1, 3]))])]), Ints(g, 0)]),
                "split" => g.Ops("", "Split", 3, [g.Op("Reciprocal", [v])], ("axis", AttributeValue.Of(0L)), ("num_outputs", AttributeValue.Of(3L)))[2],
                "norm of padding" => g.Op("Mul", [g.Op("Sqrt", [g.Op("ReduceSum", [g.Op("Mul", [v, v]), Ints(g, 1)])]), g.Constant(Tensor.Of<double>([3, 1], [1d, 0, 2]))]),
                "logistic by hand" => g.Op("Div", [Number(g, 1), g.Op("Add", [Number(g, 1), g.Op("Exp", [g.Op("Neg", [v])])])]),
                _ => g.Op("Mul", [v, g.Op("Reciprocal", [g.Op("Add", [g.Op("Exp", [g.Op("Neg", [v])]), Number(g, 1)])])]),
            },
            [3, 4],
            x,
            i => Hidden(i) || (selection is "largest" or "split" && i < 4));
    }

    // What is computed from the rows by sums over all of them must not take up the hidden row either.
    [Theory]
    [InlineData("matmul")]
    [InlineData("matmul of three axes")]
    [InlineData("gemm")]
    [InlineData("einsum")]
    [InlineData("conv")]
    [InlineData("layer normalisation")]
    [InlineData("l1")]
    [InlineData("l2")]
    [InlineData("sum of squares")]
    [InlineData("max")]
    [InlineData("log of sum")]
    [InlineData("log of sum of exponentials")]
    [InlineData("softmax")]
    [InlineData("log softmax")]
    public void Gradient_OfAllRows_TakesNothingFromTheHiddenOne(string function)
    {
        double[] x = [0.5, 0.7, 0.9, 1.1, 0, 0, 0, 0, 1.3, 1.5, 1.7, 1.9];
        bool isSingle = function is "layer normalisation" or "conv" or "l1" or "sum of squares" or "einsum" or "log of sum";
        Check(
            (g, v) =>
            {
                Value Ints(params long[] i) => g.Constant(Tensor.Vector<long>(i));
                Value w = g.Op("Transpose", [g.Op("Add", [v, Number(g, 1)])]);
                w = g.Op("Where", [g.Constant(Tensor.Of<bool>([3], [true, false, true])), w, Number(g, 0.5)]);
                Value r = g.Op("Div", [v, g.Op("Mul", [v, v])]);
                Value y = function switch
                {
                    "matmul" => g.Op("MatMul", [r, w]),
                    "matmul of three axes" => g.Op("Reshape", [g.Op("MatMul", [g.Op("Reshape", [r, Ints(3, 1, 4)]), w]), Ints(3, 3)]),
                    "gemm" => g.Op("Gemm", [r, w]),
                    "einsum" => g.Op("Einsum", [r, w], ("equation", AttributeValue.Of("ij,jk->ik"))),
                    "conv" => g.Op("Conv", [g.Op("Reshape", [r, Ints(3, 4, 1, 1)]), g.Op("Reshape", [g.Op("Transpose", [w]), Ints(3, 4, 1, 1)])]),
                    "layer normalisation" => g.Op("LayerNormalization", [r, g.Constant(Tensor.Of<float>([4], [1f, 2, 3, 4]))]),
                    "l1" => g.Op("ReduceL1", [r, Ints(1)]),
                    "l2" => g.Op("ReduceL2", [r, Ints(1)]),
                    "sum of squares" => g.Op("ReduceSumSquare", [r, Ints(1)]),
                    "max" => g.Op("ReduceMax", [r, Ints(1)]),
                    "log of sum" => g.Op("ReduceLogSum", [v, Ints(1)]),
                    "log of sum of exponentials" => g.Op("ReduceLogSumExp", [g.Op("Log", [v]), Ints(1)]),
                    "softmax" => g.Op("Softmax", [r]),
                    _ => g.Op("LogSoftmax", [r]),
                };
                y = function == "conv" ? g.Op("Reshape", [y, Ints(3, 3)]) : y;
                return g.Op("Where", [g.Constant(Tensor.Of<bool>([3, 1], [true, false, true])), y, Number(g, 0)]);
            },
            [3, 4],
            x,
            i => i is >= 4 and < 8,
            isSingle ? ElementType.Float32 : ElementType.Float64);
    }
}
