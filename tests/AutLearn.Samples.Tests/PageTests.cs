using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace AutLearn.Samples.Tests;

/// <summary>Uses each page as a person does.</summary>
[Trait("Category", "Unit")]
public sealed class PageTests
{
    [SkippableFact]
    public async Task GalleryPage_NamingPhotosByClick_ShowsWhatWasLearntAndResets()
    {
        await using Browser browser = await Browser.OpenOrSkipAsync();
        using var photos = new PhotoCase();
        await using RunningApp app = await photos.StartAsync();
        IPage page = browser.Page;
        await page.GotoAsync(app.Address.ToString());
        await Expect(page.Locator("article")).ToHaveCountAsync(24);

        string[] classes = ["blue", "green", "red"];
        for (int i = 0; i < 15; i++)
            await page.Locator($"article[data-id='{i}'] button", new() { HasTextString = classes[PhotoCase.ClassOf(i)] }).ClickAsync();
        await page.Locator("article[data-id='15'] input").FillAsync(classes[PhotoCase.ClassOf(15)]);
        await page.Locator("article[data-id='15'] input").BlurAsync();
        await Expect(page.Locator("#summary")).ToContainTextAsync("16 of 31 photos named, 0 of 16 wait");
        await Expect(page.Locator("article", new() { HasTextString = "(learnt)" })).ToHaveCountAsync(16);
        await Expect(page.Locator("#learnt li")).ToHaveCountAsync(3);
        Assert.NotEmpty(await page.Locator("#chart polyline").GetAttributeAsync("points") ?? "");

        await page.Locator("#next").ClickAsync();
        await Expect(page.Locator("article")).ToHaveCountAsync(7);
        await Expect(page.Locator("article .error")).ToContainTextAsync("cannot be read");
        await page.Locator("#reset").ClickAsync();
        await Expect(page.Locator("#summary")).ToContainTextAsync("0 of 31 photos named");
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task KeyboardPage_TypingAndTapping_TellsEachWordOnce()
    {
        await using Browser browser = await Browser.OpenOrSkipAsync();
        using var words = new WordCase();
        await using RunningApp app = await words.StartAsync();
        IPage page = browser.Page;
        await page.GotoAsync(app.Address.ToString());
        await Expect(page.Locator("#suggestions button")).ToHaveCountAsync(3);

        await page.Locator("#text").PressSequentiallyAsync("The cat sat, zebra ");
        await Expect(page.Locator("#summary")).ToContainTextAsync("4 words typed, 1 of them not among the 10 words");
        await page.Locator("#text").PressSequentiallyAsync("do");
        await page.Locator("#suggestions button", new() { HasTextString = "dog" }).ClickAsync();
        await Expect(page.Locator("#text")).ToHaveValueAsync("The cat sat, zebra dog ");
        await Expect(page.Locator("#summary")).ToContainTextAsync("5 words typed");
        for (int i = 0; i < 12; i++)
        {
            await Expect(page.Locator("#suggestions button")).ToHaveCountAsync(3);
            await page.Locator("#suggestions button").First.ClickAsync();
            await Expect(page.Locator("#summary")).ToContainTextAsync($"{6 + i} words typed");
        }

        JsonElement status = await app.StatusWhenAsync(s => s.GetProperty("version").GetInt64() == 1);
        Assert.Equal(17, status.GetProperty("hits").GetProperty("words").GetInt64());
        await Expect(page.Locator("#personal1")).ToContainTextAsync("%");

        await page.Locator("#reset").ClickAsync();
        await Expect(page.Locator("#summary")).ToContainTextAsync("0 words typed");
        Assert.Empty(browser.Errors);
    }
}
