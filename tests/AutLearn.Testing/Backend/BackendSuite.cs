using AutLearn.Compiler.Gradients;

namespace AutLearn.Testing.Backend;

/// <summary>Runs backend tests on all cores.</summary>
public static class BackendSuite
{
    public static BackendResult[] Run(IReadOnlyList<string> models, GradientRegistry rules)
    {
        var check = new BackendCheck(rules);
        var results = new BackendResult[models.Count];
        Parallel.For(0, models.Count, i => results[i] = check.Run(models[i]));
        return results;
    }
}
