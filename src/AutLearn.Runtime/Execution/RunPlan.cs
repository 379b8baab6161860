using AutLearn.Runtime.Parameters;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>Everything that one run of a model at one size needs, bound once: buffers, and one binding for each set of parameters.</summary>
/// <remarks>Used by one run at a time.</remarks>
internal sealed class RunPlan : IDisposable
{
    private readonly long[] _sizes;
    private readonly OrtValue?[] _values;
    private readonly OrtIoBinding[] _bindings;

    public RunPlan(LoadedModel model, ParameterSets sets, ReadOnlySpan<long> sizes)
    {
        _sizes = sizes.ToArray();
        ModelSignature signature = model.Signature;
        Inputs = new TensorBuffer[signature.Inputs.Length];
        Outputs = new TensorBuffer?[signature.Outputs.Length];
        _values = new OrtValue?[Inputs.Length + Outputs.Length];
        for (int i = 0; i < Inputs.Length; i++)
        {
            Inputs[i] = signature.Inputs[i].Allocate(sizes);
            _values[i] = model.HasInput(signature.Inputs[i].Name) ? OrtTensors.Over(Inputs[i]) : null;
        }

        for (int i = 0; i < Outputs.Length; i++)
        {
            if (!model.HasOutput(signature.Outputs[i].Name))
                continue;
            TensorBuffer buffer = signature.Outputs[i].Allocate(sizes);
            Outputs[i] = buffer;
            _values[Inputs.Length + i] = OrtTensors.Over(buffer);
        }

        RunOptions = new RunOptions();
        _bindings = [model.Session.CreateIoBinding(), model.Session.CreateIoBinding()];
        for (int set = 0; set < 2; set++)
        {
            BindInputs(model, sets, set);
            BindOutputs(model, sets, set);
        }
    }

    /// <summary>Gets the inputs of the signature, in its order.</summary>
    public TensorBuffer[] Inputs { get; }

    /// <summary>Gets the outputs of the signature, in its order; null where the model lacks a metric.</summary>
    public TensorBuffer?[] Outputs { get; }

    public RunOptions RunOptions { get; }

    public long Rows => _sizes[0];

    public bool IsFor(ReadOnlySpan<long> sizes) => sizes.SequenceEqual(_sizes);

    /// <summary>Gets the binding that reads a set of parameters and, in a step, writes the other.</summary>
    public OrtIoBinding Binding(int set) => _bindings[set];

    /// <summary>Binds the inputs again: a device other than the CPU copies inputs when they are bound.</summary>
    public void BindInputs(LoadedModel model, ParameterSets sets, int set)
    {
        ModelSignature signature = model.Signature;
        for (int i = 0; i < Inputs.Length; i++)
        {
            if (_values[i] is { } value)
                _bindings[set].BindInput(signature.Inputs[i].Name, value);
        }

        foreach ((string name, int index) in model.ParameterInputs)
            _bindings[set].BindInput(name, sets.Value(set, index));
    }

    public void Dispose()
    {
        foreach (OrtIoBinding binding in _bindings)
            binding.Dispose();
        foreach (OrtValue? value in _values)
            value?.Dispose();
        RunOptions.Dispose();
    }

    private void BindOutputs(LoadedModel model, ParameterSets sets, int set)
    {
        ModelSignature signature = model.Signature;
        for (int i = 0; i < Outputs.Length; i++)
        {
            if (_values[Inputs.Length + i] is { } value)
                _bindings[set].BindOutput(signature.Outputs[i].Name, value);
        }

        foreach ((string name, int index) in model.UpdatedOutputs)
            _bindings[set].BindOutput(name, sets.Value(1 - set, index));
    }
}
