using AutLearn.Samples.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AutLearn.Samples.Keyboard;

/// <summary>The keyboard's page and requests.</summary>
public static class KeyboardApp
{
    private const int LongestWord = 64;

    /// <summary>Creates the app; start it to serve.</summary>
    public static WebApplication Create(WordKeyboard keyboard, int port)
    {
        WebApplication app = LocalWebApp.Create(typeof(KeyboardApp).Assembly, port);
        app.MapGet("/api/status", keyboard.StatusAsync);
        app.MapPost("/api/suggest", (SuggestRequest request) => keyboard.SuggestAsync(request.Text ?? ""));
        app.MapPost("/api/feedback", async (FeedbackRequest request) =>
        {
            if (request.Word is not { Length: > 0 and <= LongestWord } word)
                return Results.BadRequest(new { error = "There is no word, or it is too long." });
            return await keyboard.FeedbackAsync(request.Id, word) is { } status
                ? Results.Ok(status)
                : Results.NotFound(new { error = "These suggestions are not open any more." });
        });
        app.MapPost("/api/learn", keyboard.LearnNowAsync);
        app.MapPost("/api/reset", keyboard.ResetAsync);
        return app;
    }

    private sealed record SuggestRequest(string? Text);

    private sealed record FeedbackRequest(long Id, string? Word);
}
