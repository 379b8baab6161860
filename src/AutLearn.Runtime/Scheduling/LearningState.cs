using AutLearn.Runtime.Offline;

namespace AutLearn.Runtime.Scheduling;

/// <summary>What a service remembers for its report, and how long it rests.</summary>
internal sealed class LearningState(TimeProvider time)
{
    private readonly Lock _lock = new();
    private LearningReport _report = new() { Phase = LearningPhase.Stopped };
    private long _checkFrom;
    private TimeSpan _checkAfter;
    private long _restFrom;
    private TimeSpan _rest;
    private int _failures;

    public TimeSpan RestLeft
    {
        get
        {
            lock (_lock)
            {
                TimeSpan left = _rest == TimeSpan.Zero ? TimeSpan.Zero : _rest - MonotonicTime.Since(time, ref _restFrom);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    public OfflineProgress Progress
    {
        set
        {
            lock (_lock)
                _report = _report with { Progress = value };
        }
    }

    public Exception? DeviceFailure
    {
        get
        {
            lock (_lock)
                return _report.DeviceFailure;
        }

        set
        {
            lock (_lock)
                _report = _report with { DeviceFailure = value };
        }
    }

    public LearningReport Report()
    {
        lock (_lock)
        {
            if (_report.Phase is LearningPhase.Stopped or LearningPhase.Starting)
                return _report with { NextCheckIn = null };
            TimeSpan left = _checkAfter - MonotonicTime.Since(time, ref _checkFrom);
            TimeSpan rest = RestLeft;
            return _report with
            {
                NextCheckIn = left > TimeSpan.Zero ? left : TimeSpan.Zero,
                RestsUntil = rest > TimeSpan.Zero && _report.Phase != LearningPhase.Learning ? time.GetLocalNow() + rest : null,
            };
        }
    }

    /// <returns>Whether what is waited for is other than before.</returns>
    public bool Waits(PolicyDecision decision, TimeSpan checkAfter)
    {
        lock (_lock)
        {
            (LearningPhase, string) before = (_report.Phase, string.Join(' ', _report.Blocking.Select(c => c.Signal)));
            LearningPhase phase = decision.SettlesIn is null ? LearningPhase.Blocked
                : RestLeft > TimeSpan.Zero ? LearningPhase.Resting
                : LearningPhase.Settling;
            See(decision, checkAfter);
            _report = _report with { Phase = phase };
            return before != (_report.Phase, string.Join(' ', _report.Blocking.Select(c => c.Signal)));
        }
    }

    public void Sees(PolicyDecision decision, TimeSpan checkAfter)
    {
        lock (_lock)
            See(decision, checkAfter);
    }

    public void Opens(TimeSpan checkAfter)
    {
        lock (_lock)
        {
            (_checkFrom, _checkAfter) = (time.GetTimestamp(), checkAfter);
            _report = _report with { Phase = LearningPhase.Learning, Blocking = [], Windows = _report.Windows + 1 };
        }
    }

    public void Closes(OfflineResult result, TimeSpan rest)
    {
        lock (_lock)
        {
            _failures = 0;
            (_restFrom, _rest) = (time.GetTimestamp(), rest);
            _report = _report with
            {
                Phase = LearningPhase.Resting,
                LastResult = result,
                Progress = result.Status == OfflineStatus.NothingToLearn ? _report.Progress : result.Progress,
                Failures = 0,
                LastFailure = null,
            };
        }
    }

    public void Fails(Exception error, Func<int, TimeSpan> restAfter, TimeSpan longest)
    {
        lock (_lock)
        {
            TimeSpan rest = restAfter(++_failures);
            (_restFrom, _rest) = (time.GetTimestamp(), rest < longest ? rest : longest);
            _report = _report with { Phase = LearningPhase.Resting, Failures = _failures, LastFailure = error };
        }
    }

    public void Spent(TimeSpan cpu, double? joules)
    {
        lock (_lock)
        {
            _report = _report with
            {
                CpuTime = _report.CpuTime + cpu,
                EnergyInJoules = joules is { } energy ? (_report.EnergyInJoules ?? 0) + energy : _report.EnergyInJoules,
            };
        }
    }

    public void EndRest()
    {
        lock (_lock)
            _rest = TimeSpan.Zero;
    }

    public void Starts()
    {
        lock (_lock)
            _report = _report with { Phase = LearningPhase.Starting };
    }

    /// <summary>A window was cancelled: neither a result nor a failure.</summary>
    public void Breaks()
    {
        lock (_lock)
            _report = _report with { Phase = LearningPhase.Resting };
    }

    public void Stopped()
    {
        lock (_lock)
            _report = _report with { Phase = LearningPhase.Stopped };
    }

    private void See(PolicyDecision decision, TimeSpan checkAfter)
    {
        (_checkFrom, _checkAfter) = (time.GetTimestamp(), checkAfter);
        _report = _report with { Blocking = [.. decision.Blocking] };
    }
}
