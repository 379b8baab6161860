using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Offline;

/// <summary>Runs work on a thread of its own, whose priority may be lowered for good: the thread ends with the work.</summary>
internal static partial class TrainingThread
{
    private const int ThisThread = 0;
    private const int ProcessPriority = 0;

    /// <summary>Runs work; what awaits it goes on elsewhere.</summary>
    public static Task<T> Run<T>(Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                result.SetResult(work());
            }
            catch (OperationCanceledException error)
            {
                result.SetCanceled(error.CancellationToken);
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        })
        {
            IsBackground = true,
            Name = "AutLearn training",
        };
        thread.Start();
        return result.Task;
    }

    /// <summary>Sets the priority of the running thread.</summary>
    /// <returns>Whether the system took it.</returns>
    /// <remarks>
    /// On Linux the runtime ignores thread priorities under the usual scheduler, but every thread has its own nice value, which threads that it
    /// starts inherit, such as those of a native session (setpriority(2), sched(7)).
    /// </remarks>
    public static bool SetPriority(ThreadPriority priority)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid())
        {
            int nice = priority switch
            {
                ThreadPriority.Lowest => 19,
                ThreadPriority.BelowNormal => 10,
                _ => 0,
            };
            return nice == 0 || SetNice(ProcessPriority, ThisThread, nice) == 0;
        }

        Thread.CurrentThread.Priority = priority;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetNice(int which, int who, int nice);
}
