using AutLearn.Tracing;

namespace AutLearn.Privacy.Tests;

/// <summary>A trace that is misread would pass everything.</summary>
[Trait("Category", "Unit")]
public sealed class TraceParserTests
{
    [Theory]
    [InlineData("openat(AT_FDCWD</cwd>, \"/a/b\", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 5</a/real>", "/a/real")]
    [InlineData("openat(7</folder>, \"b\", O_WRONLY|O_TRUNC) = 5</folder/b>", "/folder/b")]
    [InlineData("openat(AT_FDCWD</cwd>, \"/a/gr\\303\\266\\303\\237e\", O_WRONLY|O_CREAT, 0644) = 5</a/gr\\303\\266\\303\\237e>", "/a/größe")]
    [InlineData("creat(\"made\", 0644) = 3</cwd/made>", "/cwd/made")]
    [InlineData("mkdir(\"relative/new\", 0700) = 0", "/cwd/relative/new")]
    [InlineData("mkdirat(9</folder>, \"new\", 0700) = 0", "/folder/new")]
    [InlineData("unlink(\"/a/quote\\\"d\") = 0", "/a/quote\"d")]
    [InlineData("symlink(\"/etc/passwd\", \"/a/link\") = 0", "/a/link")]
    [InlineData("linkat(AT_FDCWD</cwd>, \"/a/old\", 5</folder>, \"new\", 0) = 0", "/folder/new")]
    [InlineData("chmod(\"/a/b\", 0600) = 0", "/a/b")]
    public void Parse_OfACallThatChangesAFile_FindsItsPath(string call, string path) =>
        Assert.Equal(path, Assert.Single(TraceParser.Parse([$"1.5 {call}"], "/cwd").Files).Path);

    [Theory]
    [InlineData("openat(AT_FDCWD</cwd>, \"/a/b\", O_RDONLY|O_CLOEXEC) = 5</a/b>")]
    [InlineData("openat(AT_FDCWD</cwd>, \"/a/b\", O_RDWR|O_CREAT, 0644) = -1 EACCES (Permission denied)")]
    [InlineData("unlink(\"/a/b\") = -1 ENOENT (No such file or directory)")]
    [InlineData("--- SIGTERM {si_signo=SIGTERM} ---")]
    [InlineData("+++ exited with 0 +++")]
    public void Parse_OfWhatChangesNothing_FindsNothing(string call) => Assert.Empty(TraceParser.Parse([$"1.5 {call}"], "/cwd").Files);

    [Fact]
    public void Parse_OfARename_FindsBothPaths() =>
        Assert.Equal(["/a/old", "/a/new"], TraceParser.Parse(["1.5 rename(\"/a/old\", \"/a/new\") = 0"], "/cwd").Files.Select(f => f.Path));

    [Fact]
    public void Parse_OfAPhase_NamesItInWhatFollows()
    {
        (IReadOnlyList<FileChange> files, _) = TraceParser.Parse(
            [
                "3.0 mkdir(\"/a/after\", 0700) = 0",
                "2.0 unlink(\"/a/phase learn online\") = -1 ENOENT (No such file or directory)",
                "1.0 mkdir(\"/a/before\", 0700) = 0",
            ],
            "/cwd");
        Assert.Equal([("", "/a/before"), ("learn online", "/a/after")], files.Select(f => (f.Phase, f.Path)));
    }

    [Fact]
    public void Parse_OfSockets_TellsListenersFromCallers()
    {
        (_, IReadOnlyList<SocketUse> sockets) = TraceParser.Parse(
            [
                "1.0 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 5<socket:[11]>",
                "1.1 bind(5<socket:[11]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0",
                "1.2 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 6<socket:[12]>",
                "1.3 connect(6<socket:[12]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"9.9.9.9\")}, 16) = -1 ENETUNREACH (Network is unreachable)",
                "1.4 socket(AF_INET6, SOCK_DGRAM, IPPROTO_IP) = -1 EAFNOSUPPORT (Address family not supported by protocol)",
                "1.5 socket(AF_UNIX, SOCK_STREAM, 0) = 7<socket:[13]>",
                "1.6 connect(7<socket:[13]>, {sa_family=AF_UNIX, sun_path=\"/run/nscd/socket\"}, 110) = 0",
                "1.7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 8<socket:[14]>",
                "1.8 bind(8<socket:[14]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0",
            ],
            "/cwd");
        Assert.Equal(
            [
                new("", "AF_INET", "127.0.0.1:0", null),
                new("", "AF_INET", null, "9.9.9.9:53"),
                new("", "AF_INET6", null, null),
                new("", "AF_UNIX", null, "/run/nscd/socket"),
                new("", "AF_INET", "0.0.0.0:80", null),
            ],
            sockets);
        Assert.Equal([true, false, false, false, false], sockets.Select(s => s.IsLoopbackListener));
    }
}
