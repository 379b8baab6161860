using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

internal static class MatrixCases
{
    public static IEnumerable<GradientCase> Rows => [.. GemmRows(), .. MatMulRows(), .. EinsumRows()];

    private static IEnumerable<GradientCase> GemmRows()
    {
        foreach (long transA in (long[])[0, 1])
        {
            foreach (long transB in (long[])[0, 1])
                yield return Gemm($"transA {transA}, transB {transB}", transA, transB, CaseInput.Parameter(5));
        }

        yield return Gemm("no C", 0, 0, null);
        yield return Gemm("scalar C", 0, 1, CaseInput.Parameter());
        yield return Gemm("C of one element", 0, 0, CaseInput.Parameter(1));
        yield return Gemm("column C", 0, 0, CaseInput.Parameter(3, 1));
        yield return Gemm("row C", 0, 0, CaseInput.Parameter(1, 5));
        yield return Gemm("full C", 0, 0, CaseInput.Random(3, 5));
        yield return Gemm("alpha and beta", 0, 1, CaseInput.Parameter(5), alpha: 0.5f, beta: -1.5f);
        yield return Gemm("alpha and beta, transposed", 1, 1, CaseInput.Parameter(3, 1), alpha: 0.25f, beta: 2f);
        yield return Gemm("Float32", 0, 1, CaseInput.Parameter(5)) with { ElementType = ElementType.Float32 };
    }

    private static GradientCase Gemm(string name, long transA, long transB, CaseInput? c, float alpha = 1f, float beta = 1f) => new(name, "Gemm")
    {
        Inputs =
        [
            transA == 0 ? CaseInput.Random(3, 4) : CaseInput.Random(4, 3),
            transB == 0 ? CaseInput.Parameter(4, 5) : CaseInput.Parameter(5, 4),
            .. c is null ? (CaseInput[])[] : [c],
        ],
        Attributes =
        [
            ("transA", AttributeValue.Of(transA)),
            ("transB", AttributeValue.Of(transB)),
            ("alpha", AttributeValue.Of(alpha)),
            ("beta", AttributeValue.Of(beta)),
        ],
        Torch = t =>
        {
            TorchTensor y = alpha * (transA == 0 ? t[0] : t[0].t()).matmul(transB == 0 ? t[1] : t[1].t());
            return [c is null ? y : y + (beta * t[2])];
        },
    };

    private static IEnumerable<GradientCase> MatMulRows()
    {
        (string Name, long[] A, long[] B)[] shapes =
        [
            ("2 by 2", [3, 4], [4, 5]),
            ("vector by vector", [4], [4]),
            ("vector by matrix", [4], [4, 5]),
            ("matrix by vector", [3, 4], [4]),
            ("vector by batch", [4], [2, 4, 5]),
            ("batch by vector", [2, 3, 4], [4]),
            ("batch by matrix", [2, 3, 4], [4, 5]),
            ("two batch axes by matrix", [2, 3, 2, 4], [4, 5]),
            ("matrix by batch", [3, 4], [2, 4, 5]),
            ("batch by batch", [2, 3, 4], [2, 4, 5]),
            ("broadcast batches", [2, 1, 3, 4], [1, 3, 4, 5]),
            ("fewer batch axes", [3, 3, 4], [2, 3, 4, 5]),
            ("one in the batch", [1, 3, 4], [2, 4, 5]),
        ];
        foreach ((string name, long[] a, long[] b) in shapes)
        {
            yield return new GradientCase(name, "MatMul")
            {
                Inputs = [CaseInput.Random(a), CaseInput.Random(b)],
                Torch = t => [t[0].matmul(t[1])],
            };
        }
    }

    private static IEnumerable<GradientCase> EinsumRows()
    {
        (string Name, string Equation, long[][] Shapes)[] rows =
        [
            ("product", "ij,jk->ik", [[2, 3], [3, 4]]),
            ("attention", "bhid,bhjd->bhij", [[2, 2, 3, 4], [2, 2, 5, 4]]),
            ("implicit output", "ij,jk", [[2, 3], [3, 4]]),
            ("outer", "i,j->ij", [[2], [3]]),
            ("sum of a label of one input", "ij,jk->k", [[2, 3], [3, 4]]),
            ("transpose", "ij->ji", [[2, 3]]),
            ("sum", "ijk->j", [[2, 3, 4]]),
            ("three inputs", "ij,jk,kl->il", [[2, 3], [3, 4], [4, 2]]),
            ("ellipsis", "...ij,...jk->...ik", [[2, 3, 4], [2, 4, 5]]),
            ("ellipsis of one input", "...ij,jk->...ik", [[2, 3, 4], [4, 5]]),
        ];
        foreach ((string name, string equation, long[][] shapes) in rows)
        {
            yield return new GradientCase(name, "Einsum")
            {
                Inputs = [.. shapes.Select(s => CaseInput.Random(s))],
                Attributes = [("equation", AttributeValue.Of(equation))],
                Torch = t => [torch.einsum(equation, t)],
            };
        }
    }
}
