using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AutLearn.Samples.Tests;

[Trait("Category", "Unit")]
public sealed class GalleryTests
{
    [Fact]
    public async Task Photos_OfTheFolder_ComeWithGuessesAndTheBrokenOneWithItsError()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();

        JsonElement[] shown = [.. (await app.GetAsync("/api/photos?count=100")).EnumerateArray()];

        Assert.Equal(PhotoCase.Readable + 1, shown.Length);
        foreach (JsonElement photo in shown[..^1])
        {
            Assert.Equal(JsonValueKind.Null, photo.GetProperty("error").ValueKind);
            Assert.Equal(3, photo.GetProperty("top").GetArrayLength());
            Assert.Equal(1, photo.GetProperty("top").EnumerateArray().Sum(g => g.GetProperty("probability").GetDouble()), 5);
        }

        Assert.Equal(PhotoCase.Broken, shown[^1].GetProperty("name").GetString());
        Assert.StartsWith("This photo cannot be read", shown[^1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(0x89, (await app.BytesAsync("/photos/0"))[0]);
        (HttpStatusCode status, string text) = await app.RefusedAsync(HttpMethod.Post, $"/api/photos/{PhotoCase.Readable}/answer", JsonContent.Create(new { @class = 0 }));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("cannot be read", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_OfFullBatches_AreLearntInTheBackgroundAndRaiseTheAccuracy()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        double before = await AccuracyAsync(app);

        await AnswerAllAsync(app, 16);
        JsonElement status = await app.StatusWhenAsync(s => s.GetProperty("pending").GetInt32() == 0);
        Assert.Equal(1, status.GetProperty("version").GetInt64());
        Assert.Equal(16, status.GetProperty("answers").GetInt32());
        Assert.Equal(16, status.GetProperty("history").GetArrayLength());
        Assert.Equal(16, status.GetProperty("learnt").EnumerateArray().Sum(c => c.GetProperty("photos").GetInt32()));
        Assert.True(float.IsFinite(status.GetProperty("lastLoss").GetSingle()));
        for (int round = 0; round < 8; round++)
        {
            await AnswerAllAsync(app, PhotoCase.Readable);
            await app.PostAsync("/api/learn", new { });
        }

        Assert.True(await AccuracyAsync(app) >= 0.95, $"Of the photos, {await AccuracyAsync(app):P0} are right after learning, {before:P0} before.");
        Assert.Equal(1, (await app.GetAsync("/api/status")).GetProperty("accuracyNow").GetDouble(), 0.05);
    }

    [Fact]
    public async Task Restart_AfterLearning_KeepsWhatWasLearntAndWhatWaits()
    {
        using var photos = new PhotoCase();
        string guesses;
        await using (RunningApp app = await photos.StartAsync())
        {
            await AnswerAllAsync(app, 16);
            await app.StatusWhenAsync(s => s.GetProperty("pending").GetInt32() == 0);
            await AnswerAllAsync(app, 3, from: 16);
            guesses = await app.TextAsync("/api/photos?count=100");
        }

        await using RunningApp again = await photos.StartAsync();

        JsonElement status = await again.GetAsync("/api/status");
        Assert.Equal(1, status.GetProperty("version").GetInt64());
        Assert.Equal(19, status.GetProperty("answers").GetInt32());
        Assert.Equal(3, status.GetProperty("pending").GetInt32());
        Assert.Equal(guesses, await again.TextAsync("/api/photos?count=100"));
    }

    [Fact]
    public async Task Reset_AfterLearning_GivesTheFirstGuessesAgain()
    {
        using var photos = new PhotoCase();
        string first;
        await using (RunningApp app = await photos.StartAsync())
        {
            first = await app.TextAsync("/api/photos?count=100");
            await AnswerAllAsync(app, 20);
            await app.PostAsync("/api/learn", new { });
            Assert.NotEqual(first, await app.TextAsync("/api/photos?count=100"));

            await AnswerAllAsync(app, 2, from: 20);
            JsonElement status = await app.PostAsync("/api/reset", new { });

            Assert.Equal(0, status.GetProperty("answers").GetInt32());
            Assert.Equal(0, status.GetProperty("pending").GetInt32());
            Assert.Equal(JsonValueKind.Null, status.GetProperty("accuracyNow").ValueKind);
            Assert.Equal(first, await app.TextAsync("/api/photos?count=100"));
        }

        await using RunningApp again = await photos.StartAsync();
        Assert.Equal(first, await again.TextAsync("/api/photos?count=100"));
    }

    [Fact]
    public async Task Answer_ThatIsChangedBeforeItsStep_CountsOnce()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();

        await app.PostAsync("/api/photos/0/answer", new { @class = 1 });
        JsonElement photo = await app.PostAsync("/api/photos/0/answer", new { @class = 2 });

        Assert.Equal("red", photo.GetProperty("answerName").GetString());
        JsonElement status = await app.GetAsync("/api/status");
        Assert.Equal(1, status.GetProperty("answers").GetInt32());
        Assert.Equal(1, status.GetProperty("pending").GetInt32());
        status = await app.PostAsync("/api/learn", new { });
        Assert.Equal("red", Assert.Single(status.GetProperty("learnt").EnumerateArray()).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("/api/photos/999/answer", 0, HttpStatusCode.NotFound)]
    [InlineData("/api/photos/0/answer", 3, HttpStatusCode.BadRequest)]
    [InlineData("/api/photos/0/answer", -1, HttpStatusCode.BadRequest)]
    public async Task Answer_ThatMakesNoSense_IsRefused(string path, int label, HttpStatusCode expected)
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        Assert.Equal(expected, (await app.RefusedAsync(HttpMethod.Post, path, JsonContent.Create(new { @class = label }))).Status);
    }

    [Fact]
    public async Task Requests_FromElsewhere_AreRefused()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        await ForeignRequests.AreRefusedAsync(app);
    }

    [Fact]
    public async Task Open_WithAProfileInUse_IsRefused()
    {
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        AutLearnException error = await Assert.ThrowsAnyAsync<AutLearnException>(photos.StartAsync);
        Assert.Contains("--profile", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithDamagedAnswers_SaysWhichFile()
    {
        using var photos = new PhotoCase();
        Directory.CreateDirectory(photos.Profile);
        File.WriteAllText(Path.Combine(photos.Profile, "answers.json"), "{");
        Exception error = Assert.ThrowsAny<AutLearnException>(() => photos.StartAsync().GetAwaiter().GetResult());
        Assert.Contains("answers.json", error.Message, StringComparison.Ordinal);
    }

    private static async Task AnswerAllAsync(RunningApp app, int count, int from = 0)
    {
        for (int i = from; i < from + count; i++)
            await app.PostAsync($"/api/photos/{i}/answer", new { @class = PhotoCase.ClassOf(i) });
    }

    private static async Task<double> AccuracyAsync(RunningApp app)
    {
        JsonElement[] shown = [.. (await app.GetAsync("/api/photos?count=100")).EnumerateArray()];
        return Enumerable.Range(0, PhotoCase.Readable).Average(i => shown[i].GetProperty("top")[0].GetProperty("class").GetInt32() == PhotoCase.ClassOf(i) ? 1.0 : 0.0);
    }
}
