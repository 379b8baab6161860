using System.Text.Json;

namespace AutLearn.Samples.Tests;

/// <summary>The keyboard's profile folder is deleted under its hands.</summary>
[Trait("Category", "Unit")]
public sealed class ProfileFolderTests
{
    [Fact]
    public async Task Profile_ThatIsDeletedWhileTheKeyboardRuns_IsMadeAgain()
    {
        using var words = new WordCase();
        string suggestions;
        await using (RunningApp app = await words.StartAsync())
        {
            await TypeAsync(app);
            await app.PostAsync("/api/learn", new { });
            Directory.Delete(words.Profile, recursive: true);

            await TypeAsync(app);
            JsonElement status = await app.PostAsync("/api/learn", new { });
            Assert.Equal(JsonValueKind.Null, status.GetProperty("problem").ValueKind);
            await Assert.ThrowsAnyAsync<AutLearnException>(words.StartAsync);
            suggestions = (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString();

            // What was saved a moment ago is saved again, though nothing was learnt since.
            Directory.Delete(words.Profile, recursive: true);
        }

        await using RunningApp again = await words.StartAsync();
        Assert.Equal(suggestions, (await again.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("words").ToString());
    }

    private static async Task TypeAsync(RunningApp app)
    {
        for (int i = 0; i < 20; i++)
        {
            long id = (await app.PostAsync("/api/suggest", new { text = "the cat " })).GetProperty("id").GetInt64();
            await app.PostAsync("/api/feedback", new { id, word = "sat" });
        }
    }
}
