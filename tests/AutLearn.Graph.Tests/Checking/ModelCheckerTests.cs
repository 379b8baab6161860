using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Tests.Serialization;
using AutLearn.Testing;

namespace AutLearn.Graph.Tests.Checking;

[Trait("Category", "Unit")]
public sealed class ModelCheckerTests
{
    private static readonly TensorType Row = new(ElementType.Float32, new Shape("N", 3));

    public static TheoryData<string> SoundSamples => [.. SampleModels.All.Keys];

    [Theory]
    [MemberData(nameof(SoundSamples))]
    public void FindProblems_SoundModel_FindsNone(string sample) =>
        Assert.Empty(ModelChecker.FindProblems(SampleModels.All[sample]()));

    [SkippableFact]
    public void FindProblems_MobileNet_FindsNone() =>
        Assert.Empty(ModelChecker.FindProblems(OnnxFile.Read(TestData.PathOrSkip("mobilenet/mobilenet_v1_0.75_224.onnx"))));

    [Fact]
    public void Check_SeveralProblems_ListsAllAndNamesTheNode()
    {
        OnnxModel model = Model("Conv", 1, ("zzz", AttributeValue.Of(1L)), ("group", AttributeValue.Of(1f)));
        var error = Assert.Throws<InvalidModelException>(() => ModelChecker.Check(model));
        Assert.Equal("n", error.NodeName);
        Assert.Contains("has 1 inputs; the operator takes 2 to 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("'zzz'", error.Message, StringComparison.Ordinal);
        Assert.Contains("attribute 'group' holds Float, not Int", error.Message, StringComparison.Ordinal);
        Assert.Contains("has 3 problems", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindProblems_MissingRequiredAttribute_IsReported() =>
        AssertProblem("lacks the attribute 'axis'", Model("Concat", 2));

    [Fact]
    public void FindProblems_UnknownOperator_IsReported() =>
        AssertProblem("the operator is not known", Model("Konv", 2));

    [Fact]
    public void FindProblems_OperatorOfALaterOpset_SaysFromWhenItExists() =>
        AssertProblem("exists from version 20 on; the model uses version 13", Model("Gelu", 1));

    [Fact]
    public void FindProblems_WithdrawnOperator_SaysUntilWhenItExisted() =>
        AssertProblem("until version 9; the model uses version 13", Model("Upsample", 2));

    [Fact]
    public void FindProblems_DomainNotImported_IsReported()
    {
        OnnxModel model = Model("Relu", 1);
        model.Graph.AddNode("FusedMatMul", [model.Graph.Inputs[0], model.Graph.Inputs[0]], ["m"], domain: "com.microsoft");
        AssertProblem("'com.microsoft', which is not imported", model);
    }

    [Fact]
    public void FindProblems_NodesOutOfOrder_IsReported()
    {
        OnnxModel model = Model("Relu", 1);
        Node later = model.Graph.AddNode("Relu", [model.Graph.Inputs[0]], ["late"]);
        model.Graph.SetInput(model.Graph.Nodes[0], 0, later.Output(0));
        AssertProblem("reads 'late', which is computed only later", model);
    }

    [Fact]
    public void FindProblems_SubgraphValueHidesAnOuterOne_IsReported()
    {
        OnnxModel model = SampleModels.If();
        OnnxGraph then = model.Graph.Nodes[0].Attributes["then_branch"].Graph;
        then.Rename(then.Nodes[0].Output(0)!, "x");
        AssertProblem("hides a value of the same name", model);
    }

    [Fact]
    public void FindProblems_LoopBodyOfWrongArity_IsReported()
    {
        OnnxModel model = SampleModels.Loop();
        model.Graph.Nodes[0].Attributes["body"].Graph.AddInput("extra", Row);
        AssertProblem("the graph in 'body' has 4 inputs, not 3", model);
    }

    [Fact]
    public void FindProblems_ConstantUnlikeItsDeclaredType_IsReported()
    {
        OnnxModel model = Model("Relu", 1);
        model.Graph.AddInitializer("w", Tensor.Vector(1f, 2f)).Type = new(ElementType.Float32, new Shape(3));
        AssertProblem("'w' is declared as Float32[3] but its constant is Float32[2]", model);
    }

    [Fact]
    public void FindProblems_UntypedInputAndNoOutput_AreReported()
    {
        OnnxModel model = Model("Relu", 1);
        model.Graph.AddInput("untyped", null);
        model.Graph.RemoveOutput(model.Graph.Outputs[0]);
        AssertProblem("Input 'untyped' has no element type", model);
        AssertProblem("has no outputs", model);
    }

    [Fact]
    public void FindProblems_VersionsThatDoNotFit_AreReported()
    {
        OnnxModel model = SampleModels.Functions();
        model.IrVersion = 7;
        AssertProblem("needs format version 8", model);
        model = Model("Relu", 1);
        model.IrVersion = 99;
        model.Opset = 99;
        AssertProblem("Format version 99", model);
        AssertProblem("version 99 of the ONNX operators", model);
    }

    [Fact]
    public void FindProblems_FunctionThatCallsItself_IsReported()
    {
        OnnxModel model = SampleModels.Functions();
        OnnxGraph body = model.Functions[0].Body;
        Node call = body.AddNode("Scaled", [body.Inputs[0]], ["again"], domain: "local");
        call.Overload = "wide";
        AssertProblem("calls itself", model);
    }

    [Fact]
    public void FindProblems_ReferenceOutsideAFunction_IsReported() =>
        AssertProblem("no enclosing function has", Model("Elu", 1, ("alpha", AttributeValue.OfReference(AttributeKind.Float, "a"))));

    private static void AssertProblem(string expected, OnnxModel model) =>
        Assert.Contains(ModelChecker.FindProblems(model), p => p.Message.Contains(expected, StringComparison.Ordinal));

    private static OnnxModel Model(string op, int inputs, params (string Name, AttributeValue Value)[] attributes)
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", Row);
        Node node = graph.AddNode(op, Enumerable.Repeat(x, inputs), ["y"], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: "n");
        node.Output(0)!.Type = Row;
        graph.AddOutput(node.Output(0)!);
        return new OnnxModel(graph, 13);
    }
}
