namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Whether every session of a user is idle, from logind's session files and from terminals.</summary>
/// <remarks>
/// The files in <c>/run/systemd/sessions</c> say who is logged in and where, but not for how long he has been idle. A terminal tells that by
/// the time of its last use, as logind itself reads it. For a graphical session there is no file; logind is asked through <c>loginctl</c>.
/// </remarks>
internal sealed class Sessions(SystemTree tree, ISessionHints hints, TimeSpan idleAfter, TimeProvider time)
{
    private const string Folder = "run/systemd/sessions";

    public Ternary AreIdle()
    {
        if (tree.Entries(Folder) is not { } files)
            return Ternary.Unknown;
        Ternary result = Ternary.True;
        bool isAnyNamed = false;
        foreach (string file in files)
        {
            // Beside each session lies its reference pipe, named after it.
            if (file.EndsWith(".ref", StringComparison.Ordinal))
                continue;
            isAnyNamed = true;
            Ternary isIdle = IsIdle(file);
            if (isIdle == Ternary.False)
                return Ternary.False;
            if (isIdle == Ternary.Unknown)
                result = Ternary.Unknown;
        }

        // No session at all: nobody is logged in, unless this is a container, where nobody ever is.
        return isAnyNamed || tree.Exists("run/systemd/seats/seat0") ? result : Ternary.Unknown;
    }

    private Ternary IsIdle(string file)
    {
        Dictionary<string, string> values = Parse(tree.Text(file));
        if (values.Count == 0)
            return Ternary.Unknown;

        // Greeters, lock screens and services are not people; a closing session has lost its user; one in the background of its seat is not in use.
        string kind = values.GetValueOrDefault("CLASS", "user");
        if (!kind.StartsWith("user", StringComparison.Ordinal) || values.GetValueOrDefault("STATE") == "closing")
            return Ternary.True;
        if (values.ContainsKey("SEAT") && values.GetValueOrDefault("ACTIVE") == "0")
            return Ternary.True;
        string type = values.GetValueOrDefault("TYPE", "unspecified");
        if (type is "x11" or "wayland" or "mir")
            return hints.IsIdle(Path.GetFileName(file));
        if (values.GetValueOrDefault("TTY") is { Length: > 0 } terminal && !terminal.Contains("..", StringComparison.Ordinal)
            && tree.Age($"dev/{terminal.TrimStart('/')}", time.GetUtcNow()) is { } age)
            return TernaryLogic.Of(age >= idleAfter);
        return hints.IsIdle(Path.GetFileName(file));
    }

    private static Dictionary<string, string> Parse(string? text)
    {
        Dictionary<string, string> values = [];
        foreach (string line in (text ?? "").Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line[0] != '#')
                values[line[..equals]] = line[(equals + 1)..].Trim('"');
        }

        return values;
    }
}
