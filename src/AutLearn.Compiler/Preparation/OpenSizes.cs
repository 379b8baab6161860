using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Gives each size of which nothing is known a symbol of its own, so that the manifest never takes two of them for one.</summary>
internal static class OpenSizes
{
    public static void Name(Value value)
    {
        if (value.Shape is not { } shape || shape.All(d => d.IsKnown || d.Symbol is not null))
            return;
        value.Type = value.Type! with { Shape = new(shape.Select((d, axis) => d.IsKnown || d.Symbol is not null ? d : $"size_{axis}_of_{value.Name}")) };
    }
}
