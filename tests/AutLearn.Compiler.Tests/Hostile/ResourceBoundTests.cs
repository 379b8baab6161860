using AutLearn.Compiler.Partition;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Hostile;

namespace AutLearn.Compiler.Tests.Hostile;

/// <summary>Small models that ask for more memory or time than their size explains are refused, or compiled at a price that fits their size.</summary>
[Trait("Category", "Fault")]
public sealed class ResourceBoundTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(3, 1000)]
    [InlineData(20, 2)]
    [InlineData(64, 60)]
    public void Compile_FunctionsThatMultiply_AreRefusedBeforeTheyDo(int depth, int calls)
    {
        OnnxModel model = Read(HostileModels.NestedFunctions(depth, calls), out _);
        long allocated = Allocated(() =>
        {
            var error = Assert.Throws<InvalidModelException>(() => Compile(model));
            Assert.Contains("call one another so often", error.Message, StringComparison.Ordinal);
        });
        Assert.InRange(allocated, 0, 64 * MiB);
    }

    [Theory]
    [InlineData(5000, 1)]
    [InlineData(1, 3000)]
    public void Compile_FunctionsThatDoNotMultiply_AreInlined(int depth, int calls)
    {
        OnnxModel model = HostileModels.NestedFunctions(depth, calls);
        new FunctionInlining().Run(model);
        Assert.Equal(1 + Math.Max(1, calls), model.Graph.Nodes.Count);
        Assert.Empty(model.Functions);
        ModelChecker.Check(model);
    }

    [Fact]
    public void Run_FunctionThatCallsItself_IsRefused()
    {
        OnnxModel model = HostileModels.NestedFunctions(2, 2);
        model.Functions = [model.Functions[0] with { Name = "f2", Body = model.Functions[2].Body }, model.Functions[2] with { Name = "f1" }];
        Assert.Throws<InvalidModelException>(() => ModelChecker.Check(model));
        Assert.Contains("calls itself", Assert.Throws<InvalidModelException>(() => new FunctionInlining().Run(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LongNamesInNestedFunctions_DoNotMultiply()
    {
        OnnxModel model = HostileModels.NestedFunctions(12, 2);
        foreach (OnnxFunction function in model.Functions)
            function.Body.Rename(function.Body.Nodes[^1].Outputs[0]!, new string('a', 20_000));
        Assert.InRange(Allocated(() => new FunctionInlining().Run(model)), 0, 64 * MiB);
    }

    public static TheoryData<string, int> FoldedModels => new()
    {
        { nameof(HostileModels.DoublingConcat), 45 },
        { nameof(HostileModels.DoublingByTwins), 40 },
        { nameof(HostileModels.ManyExpansions), 2000 },
        { nameof(HostileModels.Filled), 0 },
    };

    [Theory]
    [MemberData(nameof(FoldedModels))]
    public void Compile_ConstantsThatMultiply_StayNodes(string kind, int size)
    {
        OnnxModel model = Read(Create(kind, size), out int fileBytes);
        long allocated = Allocated(() =>
        {
            CompiledArtifacts artifacts = Compile(model);
            long constants = artifacts.Inference.Graph.Initializers.Sum(i => (long)i.Initializer!.Bytes.Length);
            Assert.InRange(constants, 0, (32 * MiB) + fileBytes);
        });
        Assert.InRange(allocated, 0, (64 * MiB) + (1000L * fileBytes));
    }

    [Fact]
    public void Run_ManyReadersOfOneLongConstant_ReadsAFewTimesItsSize()
    {
        OnnxModel model = HostileModels.ManyReductions(1000, 1 << 18);
        new ConstantFolding().Run(model);

        // 1 MiB each: 64 MiB and 16 times the constants may be read.
        int folded = 1000 - model.Graph.Nodes.Count(n => n.Is("ReduceSum"));
        Assert.InRange(folded, 60, 85);
    }

    [Fact]
    public void Run_PositionTable_IsFolded()
    {
        // sin(position / 10000^(2 i / d)) up to its arguments, as exporters build it: [512, 1] / [1, 256] from vectors.
        var graph = new OnnxGraph("positions");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 512, 256)));
        Value positions = graph.AddInitializer("positions", Tensor.Of<float>([512, 1], new float[512]));
        Value rates = graph.AddInitializer("rates", Tensor.Of<float>([512, 256], Enumerable.Repeat(1f, 512 * 256).ToArray()));
        Value table = graph.AddNode("Div", [positions, rates], ["table"]).Outputs[0]!;
        table = graph.AddNode("Unsqueeze", [table, graph.AddInitializer("axes", Tensor.Vector(0L))], ["batched"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [x, table], ["y"]).Outputs[0]!);
        var model = new OnnxModel(graph, 17);
        new PassSequence(new ConstantFolding(), new DeadNodeElimination()).Run(model);
        Assert.Equal("Add", Assert.Single(graph.Nodes).OpType);
    }

    [Theory]
    [InlineData(44)]
    [InlineData(4000)]
    public void Infer_ShapeArithmeticOverOneValue_VisitsEachNodeOnce(int nodes)
    {
        OnnxModel model = HostileModels.ShapeArithmetic(nodes);
        Assert.InRange(Allocated(() => ShapeInference.Infer(model)), 0, 4 * MiB);
        Assert.InRange(Allocated(() => Compile(model)), 0, 256 * MiB);
    }

    [Fact]
    public void InferNode_ShapeArithmeticOverOneValue_FollowsABoundedNumberOfNodes()
    {
        OnnxModel model = HostileModels.ShapeArithmetic(5000);
        Node reshape = model.Graph.Nodes.Single(n => n.Is("Reshape"));
        Assert.InRange(Allocated(() => ShapeInference.InferNode(reshape, model.Opset)), 0, MiB);
    }

    [Fact]
    public void Infer_RanksThatDouble_AreRefused()
    {
        OnnxModel model = HostileModels.DoublingRank(40);
        var error = Assert.Throws<InvalidModelException>(() => ShapeInference.Infer(model));
        Assert.Contains("no machine can hold", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SinkSide_PathsOfAllLengths_StopsAtACutOfBoundedSearch()
    {
        // Each of n ways from the source is one vertex shorter than the one before: n searches of the whole network.
        const int Ways = 20_000;
        var cut = new MinimumCut();
        int before = cut.AddVertex();
        for (int i = 0; i < Ways; i++)
        {
            int next = cut.AddVertex();
            cut.AddEdge(before, next, 1L << 40);
            cut.AddEdge(MinimumCut.Source, before, 1);
            before = next;
        }

        cut.AddEdge(before, MinimumCut.Sink, MinimumCut.Unlimited);
        bool[]? side = cut.SinkSide();
        Assert.True(side![before]);
        Assert.False(side[MinimumCut.Source]);
        Assert.InRange(cut.Visits, 1, 40_000_000);
    }

    [Fact]
    public void Compile_LongNames_AreNotRepeatedInEveryNode()
    {
        OnnxModel model = HostileModels.ParameterChain(20);
        foreach (Node node in model.Graph.Nodes.Take(20))
            model.Graph.Rename(node.Outputs[0]!, $"{node.Outputs[0]!.Name}{new string('a', 100_000)}");
        Assert.InRange(Allocated(() => ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All })), 0, 256 * MiB);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("normalise")]
    [InlineData("differentiate")]
    [InlineData("inference and evaluation")]
    public void Compile_Cancelled_StopsInsideTheStage(string stage)
    {
        using var source = new CancellationTokenSource();
        OnnxModel model = HostileModels.ParameterChain(200);
        var progress = new Cancelling(stage, source);
        Assert.Throws<OperationCanceledException>(() =>
            ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All }, progress, source.Token));
        Assert.Equal(stage, progress.Last);
    }

    [Theory]
    [InlineData("Sum", 6)]
    [InlineData("Mean", 6)]
    [InlineData("Max", 30)]
    [InlineData("Concat", 6)]
    public void Compile_ValueThatOneNodeReadsManyTimes_TakesAFewTimesTheModel(string opType, int times)
    {
        OnnxModel model = Read(HostileModels.ManyUses(opType, 20_000), out int fileBytes);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All });
        Assert.InRange(artifacts.Manifest.Files.Sum(f => f.SizeInBytes), fileBytes, (long)times * fileBytes);
    }

    [Fact]
    public void Compile_ThirtyThousandInputs_Finishes()
    {
        // Each input is looked up among the names of all: by a list that would take the square of their number.
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        OnnxModel model = Read(HostileModels.ManySizes(30_000), out _);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All }, null, timeout.Token);
        Assert.Equal(30_001, artifacts.Manifest.Boundary.Length);
    }

    [Fact]
    public void Differentiate_CancelledInsideOneNode_Stops()
    {
        // One rule adds as many nodes as its node has inputs.
        using var source = new CancellationTokenSource();
        var builder = new GraphBuilder(new OnnxGraph("g"), 18, source.Token);
        Value x = builder.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N")));
        builder.Neg(x);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => builder.Neg(x));
    }

    [Theory]
    [InlineData(nameof(HostileModels.Chain))]
    [InlineData(nameof(HostileModels.Fan))]
    [InlineData(nameof(HostileModels.ParameterChain))]
    [InlineData(nameof(HostileModels.SimilarConstants))]
    [InlineData(nameof(HostileModels.ManySizes))]
    public void Compile_FourTimesTheNodes_AllocatesFourTimesAsMuch(string kind)
    {
        // Quadratic spots would allocate, or compare, sixteen times as much; time is bounded loosely for those that only compare.
        const int Nodes = 1500;
        Compile(Create(kind, 100));
        long small = Cost(Nodes), large = Cost(4 * Nodes);
        Assert.InRange(large, small, 6 * small);

        long Cost(int nodes)
        {
            OnnxModel model = Read(Create(kind, nodes), out _);
            return Allocated(() => ModelCompiler.Compile(model, new CompileOptions { Trainable = kind is nameof(HostileModels.ParameterChain) or nameof(HostileModels.ManySizes) ? TrainableSelection.All : TrainableSelection.LastLayers(1) }));
        }
    }

    [Theory]
    [InlineData(nameof(HostileModels.Chain))]
    [InlineData(nameof(HostileModels.Fan))]
    [InlineData(nameof(HostileModels.SimilarConstants))]
    public void Compile_HundredThousandNodes_Finishes(string kind)
    {
        // Seconds where each node costs the same; hours where each looks at all the others.
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        OnnxModel model = Read(Create(kind, kind == nameof(HostileModels.SimilarConstants) ? 20_000 : 100_000), out _);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions(), null, timeout.Token);
        Assert.InRange(artifacts.Inference.Graph.Nodes.Count, 20_000, 200_000);
    }

    private static CompiledArtifacts Compile(OnnxModel model) => ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.LastLayers(1) });

    private static OnnxModel Create(string kind, int size) => kind switch
    {
        nameof(HostileModels.DoublingConcat) => HostileModels.DoublingConcat(size),
        nameof(HostileModels.DoublingByTwins) => HostileModels.DoublingByTwins(size),
        nameof(HostileModels.ManyExpansions) => HostileModels.ManyExpansions(size),
        nameof(HostileModels.Chain) => HostileModels.Chain(size),
        nameof(HostileModels.Fan) => HostileModels.Fan(size),
        nameof(HostileModels.ParameterChain) => HostileModels.ParameterChain(size),
        nameof(HostileModels.SimilarConstants) => HostileModels.SimilarConstants(size),
        nameof(HostileModels.ManySizes) => HostileModels.ManySizes(size),
        _ => HostileModels.Filled(),
    };

    private static OnnxModel Read(OnnxModel model, out int fileBytes)
    {
        byte[] bytes = OnnxFile.ToBytes(model);
        fileBytes = bytes.Length;
        return OnnxFile.Read(bytes, "hostile.onnx");
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class Cancelling(string stage, CancellationTokenSource source) : IProgress<CompileProgress>
    {
        public string? Last { get; private set; }

        public void Report(CompileProgress value)
        {
            Last = value.Stage;
            if (value.Stage == stage)
                source.Cancel();
        }
    }
}
