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
    private readonly int[] _open;

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
            _values[Inputs.Length + i] = signature.Outputs[i].IsOpen ? null : OrtTensors.Over(buffer);
        }

        _open = [.. Enumerable.Range(0, Outputs.Length).Where(i => signature.Outputs[i].IsOpen && Outputs[i] is not null)];

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

    /// <summary>Gets the outputs of the signature, in its order; null where the model lacks a metric. One of open size is another buffer after a run that changes its size.</summary>
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

    /// <summary>Takes the outputs for which the run itself made room.</summary>
    /// <exception cref="RunFailedException">One has a shape that contradicts the manifest.</exception>
    public void Receive(LoadedModel model, int set)
    {
        if (_open.Length == 0)
            return;
        OrtIoBinding binding = _bindings[set];
        string[] names = binding.GetOutputNames();
        using IDisposableReadOnlyCollection<OrtValue> values = binding.GetOutputValues();
        foreach (int i in _open)
        {
            TensorSlot slot = model.Signature.Outputs[i];
            OrtValue value = values[Array.IndexOf(names, slot.Name)];
            long[] dimensions = value.GetTensorTypeAndShape().Shape;
            if (!slot.Allows(dimensions, _sizes))
                throw new RunFailedException($"Model '{model.Signature.File}' gives output '{slot}' the shape [{string.Join(",", dimensions)}], which contradicts its manifest. Compile the model again.") { File = model.Signature.File };
            Outputs[i] = OrtTensors.Copy(value, Outputs[i]!);

            // What a binding holds after a run counts as room for the next, whose sizes may be others.
            binding.BindOutputToDevice(slot.Name, OrtMemoryInfo.DefaultInstance);
        }
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

        foreach (int i in _open)
            _bindings[set].BindOutputToDevice(signature.Outputs[i].Name, OrtMemoryInfo.DefaultInstance);
        foreach ((string name, int index) in model.UpdatedOutputs)
            _bindings[set].BindOutput(name, sets.Value(1 - set, index));
    }
}
