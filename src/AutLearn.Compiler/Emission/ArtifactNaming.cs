using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>The names of the tensors that the compiler adds to the emitted models, chosen so that none meets a name of the base model.</summary>
internal sealed class ArtifactNaming
{
    public ArtifactNaming(OnnxGraph graph)
    {
        Labels = graph.UniqueName("labels");
        LearningRate = graph.UniqueName("learning_rate");
        UpdateNow = graph.UniqueName("update_now");
        Seed = graph.UniqueName("seed");
        Loss = graph.UniqueName("loss");
        CorrectCount = graph.UniqueName("correct_count");
        LabelCount = graph.UniqueName("label_count");
        CorrectRows = graph.UniqueName("correct_rows");
        GradientNorm = graph.UniqueName("gradient_norm");
        LabelWeight = graph.UniqueName("label_weight");
    }

    public string Labels { get; }

    public string LearningRate { get; }

    public string UpdateNow { get; }

    public string Seed { get; }

    public string Loss { get; }

    public string CorrectCount { get; }

    public string LabelCount { get; }

    public string CorrectRows { get; }

    public string GradientNorm { get; }

    public string LabelWeight { get; }

    public static string Next(string name) => $"{name}.next";
}
