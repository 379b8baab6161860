using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AutLearn.Tracing;

/// <summary>Reads what strace wrote about each thread with <c>-ff -ttt -y</c>.</summary>
public static partial class TraceParser
{
    private const string PhaseMark = "phase ";

    /// <summary>The calls that make, open, rename or delete files.</summary>
    internal static readonly string[] FileCalls =
    [
        "open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
        "unlink", "unlinkat", "rmdir", "truncate", "chmod", "fchmodat", "chown", "lchown", "fchownat",
    ];

    private static readonly string[] WriteFlags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"];

    /// <summary>Finds changes of files and uses of sockets in the lines of all threads.</summary>
    /// <param name="lines">In any order.</param>
    /// <param name="workingFolder">What relative paths begin with that name no folder.</param>
    public static (IReadOnlyList<FileChange> Files, IReadOnlyList<SocketUse> Sockets) Parse(IEnumerable<string> lines, string workingFolder)
    {
        var files = new List<FileChange>();
        var sockets = new List<SocketUse>();
        var indexes = new Dictionary<string, int>();
        string phase = "";
        foreach (Match call in lines.Select(l => Call().Match(l)).Where(m => m.Success).OrderBy(m => decimal.Parse(m.Groups["time"].ValueSpan, CultureInfo.InvariantCulture)))
        {
            string name = call.Groups["name"].Value, arguments = call.Groups["arguments"].Value;
            bool isDone = call.Groups["result"].Value is not ['-', ..];
            if (name is "socket" or "bind" or "connect" or "sendto" or "sendmsg" or "sendmmsg")
                Socket(name, arguments, call.Groups["descriptor"].Value);
            else if (name == "unlink" && !isDone && Paths(arguments, workingFolder) is [{ } mark] && Path.GetFileName(mark) is var file && file.StartsWith(PhaseMark, StringComparison.Ordinal))
                phase = file[PhaseMark.Length..];
            else if (isDone && FileCalls.Contains(name) && (!name.StartsWith("open", StringComparison.Ordinal) || Array.Exists(WriteFlags, f => arguments.Contains(f, StringComparison.Ordinal))))
                files.AddRange(Changed(name, arguments, call.Groups["descriptor"].Value, workingFolder).Select(p => new FileChange(phase, name, p)));
        }

        return (files, sockets);

        void Socket(string name, string arguments, string made)
        {
            if (name == "socket")
            {
                if (made.Length > 0)
                    indexes[made] = sockets.Count;
                sockets.Add(new(phase, arguments.Split(',')[0], Bound: null, Peer: null));
            }
            else if (Address(arguments) is { } address && indexes.TryGetValue(Descriptor().Match(arguments).Groups["path"].Value, out int index))
            {
                sockets[index] = name == "bind" ? sockets[index] with { Bound = address } : sockets[index] with { Peer = address };
            }
        }
    }

    // An opened file's real path is that of its descriptor; what is linked or renamed to is the last path.
    private static List<string> Changed(string name, string arguments, string descriptor, string workingFolder)
    {
        if (descriptor.StartsWith('/'))
            return [Unescape(descriptor)];
        List<string> paths = Paths(arguments, workingFolder);
        if (name.StartsWith("rename", StringComparison.Ordinal))
            return paths;
        return paths.Count > 0 ? [paths[^1]] : Descriptor().Match(arguments) is { Success: true } file ? [Unescape(file.Groups["path"].Value)] : [];
    }

    private static List<string> Paths(string arguments, string workingFolder)
    {
        var paths = new List<string>();
        int end = 0;
        foreach (Match quoted in Quoted().Matches(arguments))
        {
            Match folder = Descriptor().Match(arguments[end..quoted.Index]);
            paths.Add(Path.GetFullPath(Unescape(quoted.Groups["text"].Value), folder.Success ? Unescape(folder.Groups["path"].Value) : workingFolder));
            end = quoted.Index + quoted.Length;
        }

        return paths;
    }

    private static string? Address(string arguments)
    {
        if (UnixAddress().Match(arguments) is { Success: true } local)
            return local.Groups["path"].Value;
        if (InternetAddress().Match(arguments) is { Success: true } internet)
            return $"{internet.Groups["host"].Value}:{internet.Groups["port"].Value}";
        return AnyAddress().Match(arguments) is { Success: true } other ? other.Groups["family"].Value : null;
    }

    /// <summary>Undoes the escapes of C, bytes of UTF-8 included.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i].ToString()));
                continue;
            }

            int digits = text[(i + 1)..].TakeWhile(c => c is >= '0' and <= '7').Take(3).Count();
            bytes.Add(digits > 0 ? Convert.ToByte(text.Substring(i + 1, digits), 8) : (byte)(text[i + 1] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'v' => '\v', 'f' => '\f', var c => c }));
            i += Math.Max(digits, 1);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    [GeneratedRegex(@"^(?<time>\d+\.\d+) (?<name>\w+)\((?<arguments>.*)\)\s+= (?<result>-?\d+)(<(?<descriptor>[^>]*)>)?")]
    private static partial Regex Call();

    [GeneratedRegex("\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(\d+|AT_FDCWD)<(?<path>[^>]*)>")]
    private static partial Regex Descriptor();

    [GeneratedRegex("sun_path=@?\"(?<path>[^\"]*)\"")]
    private static partial Regex UnixAddress();

    [GeneratedRegex("sin6?_port=htons\\((?<port>\\d+)\\).*?inet_(addr\\(|pton\\(AF_INET6, )\"(?<host>[^\"]*)\"")]
    private static partial Regex InternetAddress();

    [GeneratedRegex("sa_family=(?<family>\\w+)")]
    private static partial Regex AnyAddress();
}
