using Microsoft.Playwright;

namespace AutLearn.Samples.Tests;

/// <summary>The Chromium of this machine with one page; fails the test on any error of the page's script or policy.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Variable = "AUTLEARN_CHROMIUM";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _errors = [];

    private Browser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _errors.Add(message.Text);
        };
        page.Dialog += async (_, dialog) => await dialog.AcceptAsync();
    }

    public IPage Page { get; }

    public IReadOnlyList<string> Errors => _errors;

    public static async Task<Browser> OpenOrSkipAsync()
    {
        string[] candidates = [Environment.GetEnvironmentVariable(Variable) ?? "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        string? executable = candidates.FirstOrDefault(File.Exists);
        if (Environment.GetEnvironmentVariable("CI") is "true" or "1")
            Assert.NotNull(executable);
        Skip.If(executable is null, $"The test clicks through a page and needs Chromium. Set {Variable} to its file.");
        IPlaywright playwright = await Playwright.CreateAsync();

        // A container's root user has no sandbox; the pages are our own.
        IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = ["--no-sandbox", "--disable-gpu"], Timeout = 60_000 });
        IPage page = await browser.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        return new(playwright, browser, page);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
