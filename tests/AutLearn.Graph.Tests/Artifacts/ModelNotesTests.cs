using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Tests.Artifacts;

[Trait("Category", "Unit")]
public sealed class ModelNotesTests
{
    [Fact]
    public void Write_NamesAndPreprocessing_ComeBackFromTheFile()
    {
        OnnxModel model = Model();
        ImagePreprocessing preprocessing = ImagePreprocessingPreset.Of("keras-resnet").Create(224, 160) with { InputType = ElementType.Float16, Layout = ImageTensorLayout.Nhwc };
        string[] names = ["caf\u00e9", "a \"quoted\" name", "emoji \U0001F602", "line\nbreak"];
        ModelNotes.Write(model, [.. names], preprocessing);
        OnnxModel read = OnnxFile.Read(OnnxFile.ToBytes(model), "notes.onnx");
        Assert.Equal(names, ModelNotes.Classes(read).ToArray());
        Assert.Equal(preprocessing, ModelNotes.Preprocessing(read));
    }

    [Fact]
    public void Write_Nothing_LeavesTheMetadata()
    {
        OnnxModel model = Model();
        model.Metadata = model.Metadata.Add("other", "kept");
        ModelNotes.Write(model, [], null);
        Assert.Equal("kept", Assert.Single(model.Metadata).Value);
        Assert.Empty(ModelNotes.Classes(model));
        Assert.Null(ModelNotes.Preprocessing(model));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[\"\"]")]
    [InlineData("[\"a\", \" \"]")]
    [InlineData("[\"a\"")]
    [InlineData("a, b")]
    public void Classes_Damaged_NamesTheEntry(string text)
    {
        OnnxModel model = Model();
        model.Metadata = model.Metadata.Add(ModelNotes.ClassesKey, text);
        Assert.Contains(ModelNotes.ClassesKey, Assert.Throws<InvalidModelException>(() => ModelNotes.Classes(model)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"width\":0,\"height\":1,\"channels\":1,\"mean\":0,\"std\":1,\"crop_fraction\":1}")]
    [InlineData("{\"width\":1,\"height\":1,\"channels\":1,\"mean\":[0],\"std\":1,\"crop_fraction\":1}")]
    public void Preprocessing_Damaged_NamesTheEntry(string text)
    {
        OnnxModel model = Model();
        model.Metadata = model.Metadata.Add(ModelNotes.PreprocessingKey, text);
        Assert.Contains(ModelNotes.PreprocessingKey, Assert.Throws<InvalidModelException>(() => ModelNotes.Preprocessing(model)).Message, StringComparison.Ordinal);
    }

    private static OnnxModel Model()
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        graph.AddOutput(graph.AddNode("Relu", [x], ["y"]).Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };
    }
}
