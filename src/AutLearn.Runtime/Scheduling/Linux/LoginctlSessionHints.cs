using System.ComponentModel;
using System.Diagnostics;

namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Asks logind through its own program: its answers travel by D-Bus only, which is a socket and not for us.</summary>
internal sealed class LoginctlSessionHints : ISessionHints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Ternary IsIdle(string session)
    {
        if (session.Length is 0 or > 64 || !session.All(char.IsAsciiLetterOrDigit))
            return Ternary.Unknown;
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo("loginctl", ["show-session", session, "--property=IdleHint", "--property=LockedHint"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            if (process is null)
                return Ternary.Unknown;
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return Ternary.Unknown;
            }

            return process.ExitCode == 0 ? Parse(process.StandardOutput.ReadToEnd()) : Ternary.Unknown;
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            // The device has no loginctl, or may not run it.
            return Ternary.Unknown;
        }
    }

    /// <summary>Reads the answer: a locked session has no user in front of it, whether or not it calls itself idle.</summary>
    internal static Ternary Parse(string answer)
    {
        string[] lines = answer.Split('\n', StringSplitOptions.TrimEntries);
        if (lines.Contains("IdleHint=yes") || lines.Contains("LockedHint=yes"))
            return Ternary.True;
        return lines.Contains("IdleHint=no") ? Ternary.False : Ternary.Unknown;
    }
}
