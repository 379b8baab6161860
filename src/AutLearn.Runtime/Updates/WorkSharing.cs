namespace AutLearn.Runtime.Updates;

/// <summary>Lets the thread pool help with work that is cut into pieces; the caller takes pieces too and returns when all are done.</summary>
/// <remarks>
/// Who takes which piece is chance, so pieces must not depend on one another. Allocates nothing once it exists. One caller at a time; a
/// helper that the pool starts late finds nothing left and leaves.
/// </remarks>
internal sealed class WorkSharing : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _done = new();
    private readonly int _helpers;
    private Action<int>? _work;
    private Exception? _error;
    private int _next;
    private int _count;
    private int _unfinished;

    /// <summary>Creates the sharing.</summary>
    /// <param name="threads">How many threads work together, the caller's among them; 0 for one a processor.</param>
    public WorkSharing(int threads) => _helpers = (threads == 0 ? Environment.ProcessorCount : Math.Min(threads, Environment.ProcessorCount)) - 1;

    /// <summary>Does pieces 0 to count - 1.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Does one; the same delegate at each call, so that none is allocated.</param>
    /// <param name="isShared">Whether it is worth waking others.</param>
    public void Run(int count, Action<int> work, bool isShared)
    {
        if (!isShared || _helpers == 0 || count < 2)
        {
            for (int i = 0; i < count; i++)
                work(i);
            return;
        }

        lock (_lock)
        {
            _work = work;
            _next = 0;
            _count = _unfinished = count;
            _done.Reset();
        }

        for (int i = Math.Min(_helpers, count - 1); i > 0; i--)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        TakePieces();
        _done.Wait();
        if (Interlocked.Exchange(ref _error, null) is { } error)
            throw error;
    }

    void IThreadPoolWorkItem.Execute() => TakePieces();

    public void Dispose() => _done.Dispose();

    private void TakePieces()
    {
        while (true)
        {
            Action<int> work;
            int piece;
            lock (_lock)
            {
                if (_next == _count)
                    return;
                work = _work!;
                piece = _next++;
            }

            try
            {
                work(piece);
            }
            catch (Exception error)
            {
                // The caller throws it; nobody else would see it.
                Interlocked.CompareExchange(ref _error, error, null);
            }

            lock (_lock)
            {
                if (--_unfinished == 0)
                    _done.Set();
            }
        }
    }
}
