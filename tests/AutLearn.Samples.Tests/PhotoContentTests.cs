using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AutLearn.Samples.Tests;

/// <summary>An answer is to the picture that was seen, not to its name or place.</summary>
[Trait("Category", "Unit")]
public sealed class PhotoContentTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ToAFileThatIsReplaced_IsNotInherited(bool restarts)
    {
        using var photos = new PhotoCase();
        RunningApp app = await photos.StartAsync();
        await app.PostAsync("/api/photos/0/answer", new { @class = 1 });
        JsonElement before = (await app.GetAsync("/api/photos?count=1"))[0];
        string path = Path.Combine(photos.Photos, "00.png");
        DateTime time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, SameLength(File.ReadAllBytes(path)));
        File.SetLastWriteTimeUtc(path, time);

        app = await AgainAsync(app, photos, restarts);

        JsonElement shown = (await app.GetAsync("/api/photos?count=1"))[0];
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("answer").ValueKind);
        Assert.NotEqual(before.GetProperty("content").GetString(), shown.GetProperty("content").GetString());
        await app.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_ToFilesThatChangePlaces_GoWithTheirPictures(bool restarts)
    {
        using var photos = new PhotoCase();
        RunningApp app = await photos.StartAsync();
        await app.PostAsync("/api/photos/0/answer", new { @class = 1 });
        await app.PostAsync("/api/photos/5/answer", new { @class = 2 });
        Swap(photos, "00.png", "05.png");

        app = await AgainAsync(app, photos, restarts);

        JsonElement[] shown = [.. (await app.GetAsync("/api/photos?count=100")).EnumerateArray()];
        Assert.Equal(2, shown[0].GetProperty("answer").GetInt32());
        Assert.Equal(1, shown[5].GetProperty("answer").GetInt32());
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Restart_WithAFolderInAnotherOrder_LearnsEachAnswerWithItsPicture()
    {
        using var photos = new PhotoCase();
        await using (RunningApp app = await photos.StartAsync())
        {
            for (int i = 0; i < 5; i++)
                await app.PostAsync($"/api/photos/{i}/answer", new { @class = PhotoCase.ClassOf(i) });
        }

        // All move by one place, and one of those that were named is called otherwise.
        File.Copy(Path.Combine(photos.Photos, PhotoCase.Broken), Path.Combine(photos.Photos, "0-first.png"));
        File.Move(Path.Combine(photos.Photos, "03.png"), Path.Combine(photos.Photos, "renamed.png"));
        await using RunningApp again = await photos.StartAsync();

        JsonElement status = await again.GetAsync("/api/status");
        Assert.Equal(5, status.GetProperty("answers").GetInt32());
        Assert.Equal(5, status.GetProperty("pending").GetInt32());
        foreach (JsonElement photo in (await again.GetAsync("/api/photos?count=100")).EnumerateArray())
        {
            int? expected = photo.GetProperty("name").GetString() switch
            {
                "renamed.png" => PhotoCase.ClassOf(3),
                "00.png" => PhotoCase.ClassOf(0),
                "01.png" => PhotoCase.ClassOf(1),
                "02.png" => PhotoCase.ClassOf(2),
                "04.png" => PhotoCase.ClassOf(4),
                _ => null,
            };
            Assert.Equal(expected, photo.GetProperty("answer").Deserialize<int?>());
        }
    }

    [Fact]
    public async Task Answer_OfAPageThatShowsAnotherPicture_IsRefused()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        string seen = (await app.GetAsync("/api/photos?count=1"))[0].GetProperty("content").GetString()!;
        Assert.Equal(0x89, (await app.BytesAsync($"/photos/0?content={seen}"))[0]);
        Swap(photos, "00.png", "05.png");

        Assert.Equal(HttpStatusCode.Conflict, (await app.RefusedAsync(HttpMethod.Post, "/api/photos/0/answer", JsonContent.Create(new { @class = 1, content = seen }))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Get, $"/photos/0?content={seen}")).Status);
        Assert.Equal(0, (await app.GetAsync("/api/status")).GetProperty("answers").GetInt32());
        JsonElement named = await app.PostAsync("/api/photos/5/answer", new { @class = 1, content = seen });
        Assert.Equal(seen, named.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Profile_ThatIsDeletedWhileTheAppRuns_IsMadeAgain()
    {
        using var photos = new PhotoCase();
        await using (RunningApp app = await photos.StartAsync())
        {
            await AnswerAsync(app, 0, 16);
            await app.StatusWhenAsync(s => s.GetProperty("pending").GetInt32() == 0);
            Directory.Delete(photos.Profile, recursive: true);

            await AnswerAsync(app, 16, 3);
            JsonElement status = await app.PostAsync("/api/learn", new { });
            Assert.Equal(JsonValueKind.Null, status.GetProperty("problem").ValueKind);
            await Assert.ThrowsAnyAsync<AutLearnException>(photos.StartAsync);

            Directory.Delete(photos.Profile, recursive: true);
            await app.PostAsync("/api/reset", new { });
            await AnswerAsync(app, 0, 17);
            await app.PostAsync("/api/learn", new { });
        }

        await using RunningApp again = await photos.StartAsync();
        Assert.Equal(17, (await again.GetAsync("/api/status")).GetProperty("answers").GetInt32());
        Assert.True((await again.GetAsync("/api/status")).GetProperty("version").GetInt64() > 0);
    }

    private static async Task AnswerAsync(RunningApp app, int from, int count)
    {
        for (int i = from; i < from + count; i++)
            await app.PostAsync($"/api/photos/{i}/answer", new { @class = PhotoCase.ClassOf(i) });
    }

    private static async Task<RunningApp> AgainAsync(RunningApp app, PhotoCase photos, bool restarts)
    {
        if (!restarts)
            return app;
        await app.DisposeAsync();
        return await photos.StartAsync();
    }

    private static void Swap(PhotoCase photos, string first, string second)
    {
        string third = Path.Combine(photos.Photos, "third");
        File.Move(Path.Combine(photos.Photos, first), third);
        File.Move(Path.Combine(photos.Photos, second), Path.Combine(photos.Photos, first));
        File.Move(third, Path.Combine(photos.Photos, second));
    }

    // The last bytes of a PNG are its end mark, whose checksum no decoder needs.
    private static byte[] SameLength(byte[] png)
    {
        png[^1] ^= 1;
        return png;
    }
}
