using System.Collections.Immutable;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Checking;

/// <summary>Checks the parts of a model that stand above single graphs: versions, domains and functions.</summary>
internal sealed class ModelInspection
{
    // Format versions in which features came.
    private const long IrOfFunctions = 8;
    private const long IrOfOverloads = 10;

    private readonly OnnxModel _model;
    private readonly List<ModelProblem> _problems;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<(string Domain, string Name, string Overload), OnnxFunction> _functions = [];

    public ModelInspection(OnnxModel model, List<ModelProblem> problems, CancellationToken cancellationToken)
    {
        _model = model;
        _problems = problems;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Runs every check.</summary>
    public void Run()
    {
        if (_model.IrVersion is < OnnxVersions.OldestIrVersion or > OnnxVersions.NewestIrVersion)
            Report($"Format version {_model.IrVersion} is outside {OnnxVersions.OldestIrVersion} to {OnnxVersions.NewestIrVersion}.");
        if (_model.OpsetImports.IsEmpty)
            Report("The model imports no operator domain.");
        CheckOpset(_model.OpsetImports, "The model");
        foreach (OnnxFunction function in _model.Functions)
        {
            if (!_functions.TryAdd((function.Domain, function.Name, function.Overload), function))
                Report($"Function '{function.Name}' of domain '{function.Domain}' is defined twice.");
            if (_model.IrVersion < IrOfFunctions)
                Report($"Function '{function.Name}' needs format version {IrOfFunctions}; the model has {_model.IrVersion}.");
            if (function.Overload.Length > 0 && _model.IrVersion < IrOfOverloads)
                Report($"The overload '{function.Overload}' of function '{function.Name}' needs format version {IrOfOverloads}; the model has {_model.IrVersion}.");
            CheckOpset(function.OpsetImports, $"Function '{function.Name}'");
        }

        new GraphInspection(_functions, _model.OpsetImports, enclosing: null, _problems, _cancellationToken).CheckMain(_model.Graph);
        foreach (OnnxFunction function in _model.Functions)
            new GraphInspection(_functions, function.OpsetImports, function, _problems, _cancellationToken).CheckBody(function.Body);
        CheckRecursion();
    }

    private void CheckOpset(ImmutableSortedDictionary<string, long> imports, string what)
    {
        if (imports.TryGetValue("", out long opset) && opset is < OnnxVersions.OldestOpset or > OnnxVersions.NewestOpset)
            Report($"{what} uses version {opset} of the ONNX operators, outside {OnnxVersions.OldestOpset} to {OnnxVersions.NewestOpset}.");
    }

    private void CheckRecursion()
    {
        // Depth-first with an own stack: a hostile chain of calls may be as long as the file.
        var done = new HashSet<OnnxFunction>(ReferenceEqualityComparer.Instance);
        var open = new HashSet<OnnxFunction>(ReferenceEqualityComparer.Instance);
        foreach (OnnxFunction start in _model.Functions)
        {
            var stack = new Stack<(OnnxFunction Function, bool IsLeaving)>();
            stack.Push((start, false));
            while (stack.TryPop(out (OnnxFunction Function, bool IsLeaving) top))
            {
                if (top.IsLeaving)
                {
                    open.Remove(top.Function);
                    done.Add(top.Function);
                    continue;
                }

                if (done.Contains(top.Function) || !open.Add(top.Function))
                    continue;
                stack.Push((top.Function, true));
                foreach (OnnxFunction callee in Calls(top.Function.Body).Distinct())
                {
                    if (open.Contains(callee))
                        Report($"Function '{callee.Name}' of domain '{callee.Domain}' calls itself.");
                    else if (!done.Contains(callee))
                        stack.Push((callee, false));
                }
            }
        }
    }

    private IEnumerable<OnnxFunction> Calls(OnnxGraph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            if (_functions.TryGetValue((node.Domain, node.OpType, node.Overload), out OnnxFunction? function))
                yield return function;
            foreach (OnnxFunction inner in node.Subgraphs().SelectMany(Calls))
                yield return inner;
        }
    }

    private void Report(string message) => _problems.Add(new(message, null));
}
