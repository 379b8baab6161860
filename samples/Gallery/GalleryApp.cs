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
        app.MapGet("/photos/{id:int}", (int id) => gallery.Find(id) is { } photo && File.Exists(photo.Path)
            ? Results.File(photo.Path, PhotoFolder.ContentType(photo), enableRangeProcessing: true)
            : Results.NotFound());
        app.MapPost("/api/photos/{id:int}/answer", async (int id, AnswerRequest request) =>
        {
            if (gallery.Find(id) is not { } photo)
                return Results.NotFound(new { error = "There is no such photo." });
            if (request.Class < 0 || request.Class >= gallery.Classes.Count)
                return Results.BadRequest(new { error = "There is no such class in this model." });
            try
            {
                return Results.Ok(await gallery.NameAsync(photo, request.Class));
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

    private sealed record AnswerRequest(int Class);
}
