namespace AutLearn.Graph.Checking;

/// <summary>One thing that is wrong with a model.</summary>
/// <param name="Message">What is wrong, naming the graph or node.</param>
/// <param name="NodeName">The node it is about, or null.</param>
public sealed record ModelProblem(string Message, string? NodeName)
{
    /// <inheritdoc/>
    public override string ToString() => Message;
}
