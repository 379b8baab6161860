using AutLearn.Graph;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>The same parameters in libtorch, with a forward pass written by hand.</summary>
internal sealed class TorchTwin : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Dictionary<string, TorchTensor> _parameters = [];

    public TorchTwin(CompiledArtifacts artifacts, torch.ScalarType type = torch.ScalarType.Float32)
    {
        foreach ((string name, Tensor tensor) in artifacts.InitialParameters)
        {
            TorchTensor value = ToTorch(tensor).to(type);
            if (artifacts.Manifest.Parameters.Single(p => p.Tensor.Name == name).Role == AutLearn.Graph.Artifacts.ParameterRole.Trainable)
                value.requires_grad = true;
            _parameters[name] = value;
        }

        Trainable = [.. artifacts.Manifest.Parameters.Where(p => p.Role == AutLearn.Graph.Artifacts.ParameterRole.Trainable)
            .Select(p => new TorchSharp.Modules.Parameter(_parameters[p.Tensor.Name]))];
        foreach ((AutLearn.Graph.Artifacts.ParameterSpec spec, TorchSharp.Modules.Parameter parameter) in artifacts.Manifest.Parameters.Zip(Trainable))
            _parameters[spec.Tensor.Name] = parameter;
    }

    public IReadOnlyList<TorchSharp.Modules.Parameter> Trainable { get; }

    public TorchTensor this[string name] => _parameters[name];

    public static TorchTensor ToTorch(Tensor tensor) => tensor.ElementType == ElementType.Int64
        ? torch.tensor(tensor.Span<long>().ToArray(), [.. tensor.Dimensions])
        : torch.tensor(tensor.Span<float>().ToArray(), [.. tensor.Dimensions]);

    /// <summary>One step of an optimizer; returns the loss before it.</summary>
    public float Step(torch.optim.Optimizer optimizer, Func<TorchTwin, TorchTensor> loss, double? clip = null)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        optimizer.zero_grad();
        TorchTensor value = loss(this);
        value.backward();
        if (clip is { } limit)
            torch.nn.utils.clip_grad_norm_(Trainable, limit);
        optimizer.step();
        return value.to(torch.ScalarType.Float32).item<float>();
    }

    public float[] Floats(string name) => _parameters[name].detach().to(torch.ScalarType.Float32).contiguous().data<float>().ToArray();

    public void Dispose() => _scope.Dispose();
}
