namespace AutLearn.Graph.Checking;

/// <summary>Checks that a model follows the rules of ONNX.</summary>
/// <remarks>
/// Checked: versions and imported domains; every value defined once and before it is read, names unique through nested
/// scopes; outputs present; operators of the default domain known at the model's version, with a legal number of inputs and outputs
/// and attributes of the right kinds; the arity of subgraphs and of calls to the model's functions, which must not call
/// themselves; element types; constants against their declared types. Operators of other domains pass. What shapes an operator may
/// take is the matter of shape inference. Safe for use by several threads.
/// </remarks>
public static class ModelChecker
{
    // A damaged model breaks the same rule many times; the first findings say enough.
    private const int MostReported = 50;

    /// <summary>Checks a model.</summary>
    /// <param name="model">The model, which is not changed.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="InvalidModelException">A rule is broken; the message lists the findings.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Check(OnnxModel model, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ModelProblem> problems = FindProblems(model, cancellationToken);
        if (problems.Count == 0)
            return;
        string list = string.Join("\n", problems.Take(MostReported).Select(p => $"- {p.Message}"));
        string more = problems.Count > MostReported ? $"\n- and {problems.Count - MostReported} more" : "";
        throw new InvalidModelException($"Model '{model.Graph.Name}' has {problems.Count} problem{(problems.Count == 1 ? "" : "s")}:\n{list}{more}")
        {
            NodeName = problems.FirstOrDefault(p => p.NodeName is not null)?.NodeName,
        };
    }

    /// <summary>Finds everything that is wrong with a model.</summary>
    /// <param name="model">The model, which is not changed.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <returns>The findings in the order of the model; empty where it is sound.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<ModelProblem> FindProblems(OnnxModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var problems = new List<ModelProblem>();
        new ModelInspection(model, problems, cancellationToken).Run();
        return problems;
    }
}
