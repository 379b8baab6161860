using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Parameters;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Execution;

/// <summary>Runs one model of the artifacts: loads it at first use and keeps a few plans of recent sizes.</summary>
/// <remarks>Safe for use by several threads; each rented plan belongs to one of them.</remarks>
internal sealed class ModelRunner(ModelSignature signature, SessionFactory factory, ArtifactManifest manifest, ParameterSets sets) : IDisposable
{
    private const int IdlePlanLimit = 4;

    private readonly Lock _lock = new();
    private readonly List<RunPlan> _idle = new(IdlePlanLimit + 1);
    private readonly List<RunPlan> _rented = new(IdlePlanLimit);
    private LoadedModel? _model;
    private bool _isDisposed;

    public ModelSignature Signature => signature;

    public bool IsLoaded => _model is not null;

    /// <summary>Takes a plan for the given sizes; pair with <see cref="Return"/>.</summary>
    public RunPlan Rent(ReadOnlySpan<long> sizes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(PersonalModel));
            for (int i = _idle.Count - 1; i >= 0; i--)
            {
                RunPlan plan = _idle[i];
                if (!plan.IsFor(sizes))
                    continue;
                _idle.RemoveAt(i);
                _rented.Add(plan);
                return plan;
            }

            var created = new RunPlan(Load(), sets, sizes);
            _rented.Add(created);
            return created;
        }
    }

    public void Return(RunPlan plan)
    {
        lock (_lock)
        {
            if (!_rented.Remove(plan))
                return;
            _idle.Add(plan);
            if (_idle.Count > IdlePlanLimit)
            {
                _idle[0].Dispose();
                _idle.RemoveAt(0);
            }
        }
    }

    /// <summary>Runs the model on the serving or given set of parameters.</summary>
    /// <exception cref="RunFailedException">The native run failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled before it finished.</exception>
    public void Run(RunPlan plan, int set, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LoadedModel model = _model ?? throw new ObjectDisposedException(nameof(PersonalModel));
        try
        {
            if (!factory.IsCpuOnly)
                plan.BindInputs(model, sets, set);
            using (cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, plan.RunOptions))
            {
                factory.RunHook?.Invoke(signature.File, RunStage.Before);
                model.Session.RunWithBinding(plan.RunOptions, plan.Binding(set));
                factory.RunHook?.Invoke(signature.File, RunStage.After);
            }

            plan.Receive(model, set);
        }
        catch (OnnxRuntimeException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new RunFailedException($"Model '{signature.File}' failed to run: {error.Message}", error) { File = signature.File };
        }
        finally
        {
            // The registration is gone, so nobody sets the flag any more; the plan serves again.
            if (cancellationToken.IsCancellationRequested)
                plan.RunOptions.Terminate = false;
            GC.KeepAlive(plan);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            foreach (RunPlan plan in _idle)
                plan.Dispose();
            foreach (RunPlan plan in _rented)
                plan.Dispose();
            _idle.Clear();
            _rented.Clear();
            _model?.Dispose();
            _model = null;
        }
    }

    private LoadedModel Load()
    {
        if (_model is not null)
            return _model;
        InferenceSession session = factory.Create(signature.File);
        try
        {
            return _model = new LoadedModel(session, signature, manifest, sets);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
