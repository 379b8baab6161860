using AutLearn.Compiler.Gradients;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>Every gradient rule against central differences, libtorch, ONNX Runtime's optimizer and symbolic dimensions.</summary>
public sealed class GradientConformanceTests
{
    private const int Seed = 20;

    private static readonly GradientRegistry Rules = GradientRegistry.CreateDefault();

    public static TheoryData<string> Rows => [.. GradientTable.Rows.Select(r => r.Id)];

    public static TheoryData<string> RowsOfSeveralInputs =>
        [.. GradientTable.Rows.Where(r => r.Inputs.Count(i => i.Place == CaseInputPlace.Differentiated) > 1).Select(r => r.Id)];

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    [Trait("Category", "Conformance")]
    public void Gradient_AlongRandomDirection_EqualsCentralDifferences(string row) =>
        Check(row).AgainstCentralDifferences(Seed);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    [Trait("Category", "Conformance")]
    public void Gradient_OnRandomAndSpecialPoints_EqualsTorch(string row) =>
        Check(row).AgainstTorch(Seed);

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Category", "Conformance")]
    public void Gradient_RunOptimized_EqualsRaw(string row) =>
        Check(row).RawAgainstOptimized(Seed);

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Category", "Conformance")]
    public void Gradient_WithSymbolicDimensions_EqualsStatic(string row) =>
        Check(row).SymbolicAgainstStatic(Seed);

    [Theory]
    [MemberData(nameof(RowsOfSeveralInputs))]
    [Trait("Category", "Conformance")]
    public void Gradient_OfOneInputAlone_EqualsThatOfAll(string row) =>
        Check(row).OneInputAgainstAll(Seed);

    [Fact]
    [Trait("Category", "Unit")]
    public void Registry_EveryEntry_HasRow()
    {
        string[] missing =
        [
            .. from entry in Rules.Entries
               where !GradientTable.Rows.Any(r => Covers(r, entry))
               select $"{entry.Domain}.{entry.OpType} since {entry.SinceOpset}",
        ];

        Assert.True(missing.Length == 0, $"No row in the gradient table for: {string.Join("; ", missing)}.");
    }

    [Fact]
    [Trait("Category", "Unit")]
    public void Rows_ByName_AreUnique() =>
        Assert.Empty(GradientTable.Rows.GroupBy(r => r.Id).Where(g => g.Count() > 1).Select(g => g.Key));

    // A row covers the newest entry that its opset reaches, as the registry would choose.
    private static bool Covers(GradientCase row, (string Domain, string OpType, long SinceOpset) entry) =>
        row.Domain == entry.Domain
        && row.OpType == entry.OpType
        && Rules.Entries
            .Where(e => e.Domain == entry.Domain && e.OpType == entry.OpType && e.SinceOpset <= (entry.Domain.Length == 0 ? row.Opset : 1))
            .Select(e => e.SinceOpset)
            .DefaultIfEmpty(long.MinValue)
            .Max() == entry.SinceOpset;

    private static GradientCheck Check(string row) => new(GradientTable.Find(row), Rules);
}
