namespace AutLearn.Runtime.Scheduling;

/// <summary>Cuts a wait short. A signal that comes while nobody waits ends the next wait at once. One waits at a time.</summary>
internal sealed class WakeSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set()
    {
        lock (_lock)
            _signal.TrySetResult();
    }

    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task signal;
        lock (_lock)
            signal = _signal.Task;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task delay = Task.Delay(time, clock, stop.Token);
        await Task.WhenAny(signal, delay).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_signal.Task.IsCompleted)
                _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
