using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AutLearn.Samples.Keyboard;

namespace AutLearn.Samples.Tests;

[Trait("Category", "Unit")]
public sealed class KeyboardTests
{
    private static readonly string[] Sentence = ["the", "cat", "sat", "on", "the", "mat", "and", "the", "dog", "ran"];

    [Fact]
    public async Task Typing_OneSentenceAgainAndAgain_RaisesTheHitsAboveThoseAsShipped()
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();

        await TypeAsync(app, repeats: 20);
        JsonElement status = await app.PostAsync("/api/learn", new { });

        JsonElement hits = status.GetProperty("hits");
        Assert.Equal(200, hits.GetProperty("words").GetInt64());
        Assert.Equal(0, hits.GetProperty("unknown").GetInt64());
        Assert.Equal(0, status.GetProperty("pending").GetInt32());
        Assert.True(status.GetProperty("version").GetInt64() >= 12);
        Assert.True(
            hits.GetProperty("personalTop1").GetInt64() >= hits.GetProperty("shippedTop1").GetInt64() + 60
            && hits.GetProperty("personalTop3").GetInt64() >= hits.GetProperty("personalTop1").GetInt64(),
            $"The hits are {hits}.");
        JsonElement suggestions = await app.PostAsync("/api/suggest", new { text = "The cat sat on the " });
        Assert.Equal("mat", suggestions.GetProperty("words")[0].GetProperty("word").GetString());
    }

    [Theory]
    [InlineData("the do", "do", "dog", "don't", "done")]
    [InlineData("the DON\u2019", "DON\u2019", "don't")]
    [InlineData("the xyz", "xyz")]
    public async Task Suggest_WithLettersOfTheNextWord_SuggestsWordsThatBeginSo(string text, string prefix, params string[] expected)
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();

        JsonElement suggestions = await app.PostAsync("/api/suggest", new { text });

        Assert.Equal(prefix, suggestions.GetProperty("prefix").GetString());
        Assert.Equal(expected, suggestions.GetProperty("words").EnumerateArray().Select(w => w.GetProperty("word").GetString()!).Order(StringComparer.Ordinal));
        JsonElement whole = await app.PostAsync("/api/suggest", new { text = "the " });
        Assert.Equal(suggestions.GetProperty("id").GetInt64(), whole.GetProperty("id").GetInt64());
        Assert.Equal(3, whole.GetProperty("words").GetArrayLength());
    }

    [Fact]
    public async Task Suggest_AfterAFullStop_ForgetsTheSentenceBefore()
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();
        JsonElement start = await app.PostAsync("/api/suggest", new { text = "" });
        JsonElement next = await app.PostAsync("/api/suggest", new { text = "The cat sat! " });
        Assert.Equal(start.GetProperty("words").ToString(), next.GetProperty("words").ToString());
    }

    [Fact]
    public async Task Feedback_WithAWordOutsideTheVocabulary_IsCountedButNotLearnt()
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();
        long id = (await app.PostAsync("/api/suggest", new { text = "the " })).GetProperty("id").GetInt64();

        JsonElement status = await app.PostAsync("/api/feedback", new { id, word = "zebra" });

        Assert.Equal(1, status.GetProperty("hits").GetProperty("unknown").GetInt64());
        Assert.Equal(0, status.GetProperty("pending").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Post, "/api/feedback", JsonContent.Create(new { id, word = "cat" }))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefusedAsync(HttpMethod.Post, "/api/feedback", JsonContent.Create(new { id, word = new string('a', 65) }))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefusedAsync(HttpMethod.Post, "/api/feedback", JsonContent.Create(new { id }))).Status);
    }

    [Fact]
    public async Task Restart_AfterTyping_KeepsWhatWasLearntAndNoText()
    {
        using var words = new WordCase();
        string suggestions;
        string hits;
        await using (RunningApp app = await words.StartAsync())
        {
            await TypeAsync(app, repeats: 5);
            await app.PostAsync("/api/learn", new { });
            suggestions = (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString();
            hits = (await app.GetAsync("/api/status")).GetProperty("hits").ToString();
        }

        Assert.Equal(["hits.json", "learnt.key", "learnt.key.made", "profile.key", "state.safetensors"], Directory.EnumerateFiles(words.Profile).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.All(Directory.EnumerateFiles(words.Profile), f => Assert.DoesNotContain("cat", File.ReadAllText(f), StringComparison.OrdinalIgnoreCase));
        await using RunningApp again = await words.StartAsync();
        Assert.Equal(suggestions, (await again.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString());
        Assert.Equal(hits, (await again.GetAsync("/api/status")).GetProperty("hits").ToString());
    }

    [Fact]
    public async Task Restart_WithWordsThatWait_HasLearntThem()
    {
        using var words = new WordCase();
        await using (RunningApp app = await words.StartAsync())
        {
            await TypeAsync(app, repeats: 1);
            Assert.Equal(10, (await app.GetAsync("/api/status")).GetProperty("pending").GetInt32());
        }

        await using RunningApp again = await words.StartAsync();
        Assert.Equal(1, (await again.GetAsync("/api/status")).GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task Reset_AfterTyping_SuggestsAsShipped()
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();
        string first = (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString();
        await TypeAsync(app, repeats: 6);
        await app.PostAsync("/api/learn", new { });
        await TypeAsync(app, repeats: 1);
        Assert.NotEqual(first, (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString());

        JsonElement status = await app.PostAsync("/api/reset", new { });

        Assert.Equal(0, status.GetProperty("hits").GetProperty("words").GetInt64());
        Assert.Equal(0, status.GetProperty("pending").GetInt32());
        Assert.Equal(first, (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString());
        Assert.Empty(Directory.EnumerateFiles(words.Profile));
    }

    [Fact]
    public async Task Requests_FromElsewhere_AreRefused()
    {
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();
        await ForeignRequests.AreRefusedAsync(app);
    }

    [Fact]
    public async Task ShippedPackage_OnAFreshProfile_SuggestsAndLearns()
    {
        using var folder = new TemporaryFolder();
        var keyboard = new WordKeyboard(new KeyboardOptions { Profile = folder.File("profile", "x") });
        await using RunningApp app = await RunningApp.StartAsync(KeyboardApp.Create(keyboard, port: 0), keyboard);
        Assert.Equal(4998, (await app.GetAsync("/api/status")).GetProperty("vocabulary").GetInt32());
        string[] next = [.. (await app.PostAsync("/api/suggest", new { text = "I pray " })).GetProperty("words").EnumerateArray().Select(w => w.GetProperty("word").GetString()!)];
        Assert.Contains("you", next);
        await TypeAsync(app, repeats: 4);
        Assert.True((await app.PostAsync("/api/learn", new { })).GetProperty("version").GetInt64() >= 3);
    }

    [Fact]
    public void Open_WithAnotherKindOfPackage_SaysWhatIsWrong()
    {
        using var photos = new PhotoCase();
        Exception error = Assert.ThrowsAny<AutLearnException>(() => new WordKeyboard(new KeyboardOptions { Package = photos.Package, Profile = photos.Profile }));
        Assert.Contains("no next-word network", error.Message, StringComparison.Ordinal);
    }

    private static async Task TypeAsync(RunningApp app, int repeats)
    {
        for (int r = 0; r < repeats; r++)
        {
            string text = "";
            foreach (string word in Sentence)
            {
                long id = (await app.PostAsync("/api/suggest", new { text })).GetProperty("id").GetInt64();
                await app.PostAsync("/api/feedback", new { id, word });
                text += word + " ";
            }
        }
    }
}
