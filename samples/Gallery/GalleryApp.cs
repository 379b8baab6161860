using AutLearn.Samples.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AutLearn.Samples.Gallery;

/// <summary>The gallery's pages and requests.</summary>
public static class GalleryApp
{
    /// <summary>Creates the app; start it to serve.</summary>
    public static WebApplication Create(PhotoGallery gallery, int port)
    {
        WebApplication app = LocalWebApp.Create(typeof(GalleryApp).Assembly, port);
        app.MapGet("/api/status", gallery.StatusAsync);
        app.MapGet("/api/classes", () => gallery.Classes);
        app.MapGet("/api/photos", (int? offset, int? count) => gallery.ViewAsync(offset ?? 0, count ?? 24));
        app.MapGet("/photos/{id:int}", (int id, string? content) => Photo(gallery, id, content));
        app.MapPost("/api/photos/{id:int}/answer", async (int id, AnswerRequest request) =>
        {
            if (gallery.Find(id) is not { } photo)
                return Results.NotFound(new { error = "There is no such photo." });
            if (request.Class < 0 || request.Class >= gallery.Classes.Count)
                return Results.BadRequest(new { error = "There is no such class in this model." });
            try
            {
                return await gallery.NameAsync(photo, request.Class, request.Content) is { } named
                    ? Results.Ok(named)
                    : Results.Conflict(new { error = "This photo has changed since it was shown. Load the page again." });
            }
            catch (Exception e) when (PhotoGallery.IsUnreadable(e))
            {
                return Results.BadRequest(new { error = $"This photo cannot be read: {e.Message}" });
            }
        });
        app.MapPost("/api/learn", gallery.LearnNowAsync);
        app.MapPost("/api/reset", gallery.ResetAsync);
        return app;
    }

    // The file may have changed since it was listed: into another photo, which the page has not asked for, or into no photo at all.
    private static IResult Photo(PhotoGallery gallery, int id, string? content)
    {
        if (gallery.Find(id) is not { } photo)
            return Results.NotFound();
        try
        {
            PhotoContent file = PhotoFile.Read(photo);
            return content is null || content == file.Hash
                ? Results.Bytes(file.Bytes, PhotoFolder.ContentType(photo), enableRangeProcessing: true)
                : Results.NotFound();
        }
        catch (Exception e) when (PhotoGallery.IsUnreadable(e))
        {
            return Results.NotFound();
        }
    }

    private sealed record AnswerRequest(int Class, string? Content);
}
