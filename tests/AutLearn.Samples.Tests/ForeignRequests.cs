using System.Net;
using System.Net.Http.Json;

namespace AutLearn.Samples.Tests;

/// <summary>What another site's page could send to an app on this machine.</summary>
internal static class ForeignRequests
{
    public static async Task AreRefusedAsync(RunningApp app)
    {
        string page = await app.TextAsync("/");
        Assert.Contains("/app.js", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page + await app.TextAsync("/app.css"), StringComparison.OrdinalIgnoreCase);

        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Get, "/api/status", host: $"attacker.example:{app.Address.Port}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Get, "/", host: "attacker.example")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/reset", JsonContent.Create(new { }), origin: "https://attacker.example")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/reset", JsonContent.Create(new { }), origin: "null")).Status);

        // A form needs no permission to post across sites, but cannot send JSON.
        using var form = new FormUrlEncodedContent([]);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/reset", form)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Get, "/../appsettings.json")).Status);
    }
}
