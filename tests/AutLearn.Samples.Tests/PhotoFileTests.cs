using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace AutLearn.Samples.Tests;

/// <summary>Photos are the folder's own regular files, whatever else lies there or takes their place.</summary>
[Trait("Category", "Unit")]
public sealed class PhotoFileTests
{
    private const int Listed = PhotoCase.Readable + 1;

    // Generous: what these tests guard against is a request that never ends.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Intruders => ["pipe", "link", "link-inside", "folder-link", "socket", "device", "empty", "made-up"];

    [SkippableTheory]
    [MemberData(nameof(Intruders))]
    public async Task Photos_WithAnIntruderInTheFolder_LeaveItOut(string kind)
    {
        using var photos = new PhotoCase();
        using IDisposable? held = Place(kind, photos, Path.Combine(photos.Photos, "00-intruder.png"));
        await using RunningApp app = await photos.StartAsync().WaitAsync(Patience);

        JsonElement[] shown = [.. (await app.GetAsync("/api/photos?count=100").WaitAsync(Patience)).EnumerateArray()];

        Assert.Equal(Listed, shown.Length);
        Assert.DoesNotContain(shown, p => p.GetProperty("name").GetString()!.Contains("intruder", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [MemberData(nameof(Intruders))]
    public async Task Photos_WithAnIntruderInAPhotosPlace_ShowAnError(string kind)
    {
        using var photos = new PhotoCase();
        string folder = Directory.CreateDirectory(Path.Combine(photos.Photos, "0")).FullName;
        string path = Path.Combine(folder, "photo.png");
        File.Copy(Path.Combine(photos.Photos, "00.png"), path);
        await using RunningApp app = await photos.StartAsync();
        int id = (await app.GetAsync("/api/photos?count=100")).EnumerateArray().Single(p => p.GetProperty("name").GetString() == "0/photo.png").GetProperty("id").GetInt32();
        if (kind == "folder-link")
            Directory.Delete(folder, recursive: true);
        else
            File.Delete(path);

        using IDisposable? held = Place(kind, photos, kind == "folder-link" ? folder : path);

        JsonElement shown = (await app.GetAsync("/api/photos?count=100").WaitAsync(Patience)).EnumerateArray().Single(p => p.GetProperty("id").GetInt32() == id);
        Assert.StartsWith("This photo cannot be read", shown.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("content").ValueKind);
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Get, $"/photos/{id}").WaitAsync(Patience)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefusedAsync(HttpMethod.Post, $"/api/photos/{id}/answer", JsonContent.Create(new { @class = 0 })).WaitAsync(Patience)).Status);
    }

    [Fact]
    public async Task Photo_AboveTheLimit_IsShownWithItsError()
    {
        using var photos = new PhotoCase();
        using (FileStream huge = File.Create(Path.Combine(photos.Photos, "00-huge.png")))
            huge.SetLength((64L << 20) + 1);
        await using RunningApp app = await photos.StartAsync();

        JsonElement shown = (await app.GetAsync("/api/photos?count=1"))[0];

        Assert.Contains("more than the limit", shown.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Get, "/photos/0")).Status);
    }

    [SkippableFact]
    public async Task Folder_ThatIsALinkItself_IsShown()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        using var photos = new PhotoCase();
        string real = photos.Photos + "-real";
        Directory.Move(photos.Photos, real);
        Directory.CreateSymbolicLink(photos.Photos, real);
        await using RunningApp app = await photos.StartAsync();
        Assert.Equal(0x89, (await app.BytesAsync("/photos/0"))[0]);
    }

    // A socket's file lives as long as its socket.
    private static Socket? Place(string kind, PhotoCase photos, string path)
    {
        Skip.If(OperatingSystem.IsWindows(), "These files are of Unix.");
        string secret = Path.Combine(photos.Elsewhere, "photo.png");
        File.Copy(Path.Combine(photos.Photos, "01.png"), secret);
        switch (kind)
        {
            case "pipe":
                Run("mkfifo", path);
                break;
            case "link":
                File.CreateSymbolicLink(path, secret);
                break;
            case "link-inside":
                File.CreateSymbolicLink(path, Path.Combine(photos.Photos, "01.png"));
                break;
            case "folder-link":
                Directory.CreateSymbolicLink(path, photos.Elsewhere);
                break;
            case "socket":
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Bind(new UnixDomainSocketEndPoint(path));
                return socket;
            case "device":
                Skip.If(Environment.UserName != "root", "Only root makes devices.");
                Run("mknod", path, "c", "1", "5");
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "made-up":
                Skip.IfNot(File.Exists("/proc/version"), "There is no /proc.");
                File.CreateSymbolicLink(path, "/proc/self/environ");
                break;
        }

        return null;
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
