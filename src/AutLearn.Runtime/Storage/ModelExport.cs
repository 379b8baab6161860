using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Runtime.Storage;

/// <summary>Bakes parameters into the inference model, so that any ONNX runtime predicts with it.</summary>
internal static class ModelExport
{
    public static OnnxModel Bake(ArtifactPackage package, IReadOnlyDictionary<string, Tensor> parameters)
    {
        ArtifactManifest manifest = package.Manifest;
        OnnxModel model = OnnxFile.Read(package.Read(ArtifactNames.Inference), ArtifactNames.Inference);
        OnnxGraph graph = model.Graph;
        foreach ((string name, Tensor tensor) in parameters)
        {
            if (graph.Inputs.FirstOrDefault(i => i.Name == name) is not { } input)
                continue;
            graph.SetInitializer(input, tensor);
            graph.MakeConstant(input);
        }

        foreach (Value output in graph.Outputs.Where(o => manifest.Predictions.All(p => p.Name != o.Name)).ToArray())
            graph.RemoveOutput(output);
        AdapterMerge.Run(graph, manifest);
        RemoveUnread(graph);
        ModelNotes.Write(model, manifest.Classes, manifest.Preprocessing, manifest.Table);
        if (manifest.Text is { } text)
            TextNotes.Write(model, new(text, text.Files.ToImmutableSortedDictionary(f => f, package.Read, StringComparer.Ordinal)));
        return model;
    }

    /// <summary>Removes nodes and constants that no remaining output depends on; readers stand after what they read.</summary>
    private static void RemoveUnread(OnnxGraph graph)
    {
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            Node node = graph.Nodes[i];
            if (node.Outputs.All(o => o is null || (o.Uses.Count == 0 && !o.IsOutput)))
                graph.Remove(node);
        }

        foreach (Value constant in graph.Initializers.Where(v => v.Uses.Count == 0 && !v.IsOutput && !v.IsInput).ToArray())
            graph.Remove(constant);
    }
}
