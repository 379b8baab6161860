using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Tests.Updates;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

/// <summary>Optimizer state that comes from outside continues a training as if it had never stopped.</summary>
[Trait("Category", "Unit")]
public sealed class OptimizerStateTests : IDisposable
{
    private const double Rate = 0.02;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("momentum")]
    public void SetOptimizerState_OfAnotherModel_GoesOnBitByBit(string optimizer)
    {
        string path = Compile(optimizer, []);
        using PersonalModel first = PersonalModel.Open(path, new() { IntraOpThreads = 1 }), second = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        Train(first, 0, 6);
        second.SetParameters(ParametersOf(first));
        second.SetOptimizerState(StateOf(first));
        Assert.Equal(2, second.ParameterVersion);
        Train(first, 6, 10);
        Train(second, 6, 10);
        AssertSame(first, second);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("momentum")]
    public void Open_ArtifactsWithInitialState_BeginWithItAndComeBackToIt(string optimizer)
    {
        string fresh = Compile(optimizer, []);
        using PersonalModel first = PersonalModel.Open(fresh, new() { IntraOpThreads = 1 });
        Train(first, 0, 6);
        OptimizerStateValue[] state = StateOf(first);
        string path = Compile(optimizer, state);
        using PersonalModel second = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        Assert.All(state, s => Assert.True(s.Value.ContentEquals(second.GetOptimizerState(s.Parameter, s.Slot))));
        Train(second, 1, 4);
        second.Reset();
        Assert.All(state, s => Assert.True(s.Value.ContentEquals(second.GetOptimizerState(s.Parameter, s.Slot))));
        second.SetParameters(ParametersOf(first));
        Train(first, 6, 10);
        Train(second, 6, 10);
        AssertSame(first, second);
    }

    [Fact]
    public void SetOptimizerState_WhatCannotBe_IsRefusedAndChangesNothing()
    {
        using PersonalModel model = PersonalModel.Open(Compile("adamw", []));
        Tensor bias = model.GetOptimizerState("b2", "exp_avg");
        Refuses(new("b2", "momentum", bias), "no state 'momentum' of 'b2'");
        Refuses(new("b3", "exp_avg", bias), "of 'b3'");
        Refuses(new(null, "exp_avg", bias), "of its own");
        Refuses(new("b2", "exp_avg", Tensor.Vector(1f)), "must be Float32[5]");
        Refuses(new("b2", "exp_avg", Tensor.Vector(1.0, 2, 3, 4, 5)), "must be Float32[5]");
        Refuses(new("b2", "exp_avg", Tensor.Vector(1f, float.NaN, 3, 4, 5)), "not finite");
        Refuses(new("b2", "exp_avg", Tensor.Vector(1f, float.PositiveInfinity, 3, 4, 5)), "not finite");
        Refuses(new("b2", "exp_avg_sq", Tensor.Vector(1f, -2, 3, 4, 5)), "negative");
        Refuses(new(null, "step", Tensor.Scalar(-1L)), "negative");
        Refuses(new(null, "step", Tensor.Scalar(long.MaxValue)), "more steps");
        Assert.Equal(0, model.ParameterVersion);
        Assert.Throws<ArgumentException>(() => model.GetOptimizerState("b2", "sum"));

        void Refuses(OptimizerStateValue bad, string expected) => Assert.Contains(
            expected,
            Assert.Throws<ArgumentException>(() => model.SetOptimizerState([new("b1", "exp_avg", model.GetOptimizerState("b1", "exp_avg")), bad])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_InitialStateThatDoesNotFit_IsRefused()
    {
        Refuses([new("b9", "exp_avg", Tensor.Vector(0f))], "of 'b9'");
        Refuses([new("b2", "exp_avg_sq", Tensor.Vector(-1f, 0, 0, 0, 0))], "negative");
        Refuses([new(null, "step", Tensor.Scalar(1L)), new(null, "step", Tensor.Scalar(1L))], "twice");

        void Refuses(OptimizerStateValue[] state, string expected) =>
            Assert.Contains(expected, Assert.Throws<AutLearnException>(() => Compile("adamw", state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InitialStateThatCannotBe_IsRefused()
    {
        string path = _folder.File("damaged");
        var writer = new ArtifactWriter(Artifacts("adamw", []).Manifest);
        CompiledArtifacts artifacts = Artifacts("adamw", []);
        artifacts.Save(path);
        foreach (ArtifactFile file in artifacts.Manifest.Files)
            writer.Add(file.Path, File.ReadAllBytes(Path.Combine(path, file.Path)));
        writer.Add(ArtifactNames.OptimizerState, new SafetensorsFile([new("b2.exp_avg_sq", Tensor.Vector(-1f, 0, 0, 0, 0))]).ToBytes());
        writer.WriteFolder(path);
        InvalidArtifactException error = Assert.Throws<InvalidArtifactException>(() => PersonalModel.Open(path));
        Assert.Equal(ArtifactNames.OptimizerState, error.File);
        Assert.Contains("negative", error.Message, StringComparison.Ordinal);
    }

    private static KeyValuePair<string, Tensor>[] ParametersOf(PersonalModel model) => [.. model.Parameters.Select(p => KeyValuePair.Create(p.Tensor.Name, model.GetParameter(p.Tensor.Name)))];

    private static OptimizerStateValue[] StateOf(PersonalModel model) =>
        [.. model.Manifest.OptimizerState.Select(s => new OptimizerStateValue(s.Parameter, s.Slot, model.GetOptimizerState(s.Parameter, s.Slot)))];

    private static void Train(PersonalModel model, int first, int end)
    {
        for (int step = first; step < end; step++)
        {
            (float[] input, long[] labels) = Perceptron.Batch(step);
            model.TrainStep(input, labels, Rate);
        }
    }

    private static void AssertSame(PersonalModel expected, PersonalModel actual)
    {
        foreach (string name in Perceptron.Names(expected))
            Assert.Equal(Perceptron.Values(expected, name), Perceptron.Values(actual, name));
    }

    private static CompiledArtifacts Artifacts(string optimizer, OptimizerStateValue[] state) => ModelCompiler.Compile(Perceptron.Create(), new()
    {
        Trainable = TrainableSelection.All,
        Optimizer = FiniteStepTests.OptimizerOf(optimizer),
        InitialState = [.. state],
    });

    private string Compile(string optimizer, OptimizerStateValue[] state)
    {
        string path = _folder.File($"{optimizer}-{state.Length}.autlearn");
        Artifacts(optimizer, state).SavePackage(path);
        return path;
    }
}
