using AutLearn.Cache;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Online;

/// <summary>What an online learner did, and whether it is paused. Safe for use by several threads.</summary>
internal sealed class OnlineLedger
{
    private readonly Lock _lock = new();
    private long _steps;
    private long _trainedRows;
    private RefusalCount _refusals;
    private long _ignoredRows;
    private float _lastLoss = float.NaN;
    private bool _isPaused;
    private Exception? _error;

    public bool IsPaused
    {
        get
        {
            lock (_lock)
                return _isPaused;
        }
    }

    public void Pause()
    {
        lock (_lock)
            _isPaused = true;
    }

    public void Pause(Exception error)
    {
        lock (_lock)
            (_isPaused, _error) = (true, error);
    }

    public void Resume()
    {
        lock (_lock)
            (_isPaused, _error, _refusals) = (false, null, _refusals.Reset());
    }

    public void Trained(int rows, StepResult result)
    {
        lock (_lock)
        {
            _steps += result.IsUpdate ? 1 : 0;
            _trainedRows += rows;
            _lastLoss = result.Loss;
            _refusals = _refusals.Applied(result);
        }
    }

    public void Ignored(int rows)
    {
        lock (_lock)
            _ignoredRows += rows;
    }

    /// <summary>Counts a batch that nothing was learned from and, unless it is one too many in a row, its rows as dropped.</summary>
    /// <returns>Whether it is one too many.</returns>
    public bool Refused(int rows)
    {
        lock (_lock)
        {
            RefusalCount next = _refusals.Refused(rows);
            _refusals = next.IsOver ? next with { Rows = _refusals.Rows } : next;
            return next.IsOver;
        }
    }

    public OnlineStatistics Statistics(OnlineStep step, CacheStatistics cache)
    {
        lock (_lock)
        {
            return new(
                _steps, _trainedRows, _refusals.Steps, _refusals.Rows, _ignoredRows, _lastLoss, _isPaused, _error,
                step.ReplayedRows, step.Gate?.Promotions ?? 0, step.Gate?.Rollbacks ?? 0, cache);
        }
    }
}
