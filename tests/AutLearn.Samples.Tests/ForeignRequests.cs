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

        // Pictures and scripts of another site carry no Origin, and another app on this machine is another site too.
        foreach (string site in (string[])["cross-site", "same-site"])
        {
            foreach (string path in (string[])["/", "/api/status", "/app.js", "/photos/0"])
                Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Get, path, site: site)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/reset", JsonContent.Create(new { }), site: site)).Status);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Get, "/api/status", origin: "https://attacker.example")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/learn", JsonContent.Create(new { }), origin: $"http://127.0.0.1:{app.Address.Port + 1}")).Status);
        foreach (string host in (string[])["127.0.0.1.attacker.example", "localhost.attacker.example", "attacker.example:127.0.0.1", "[::1]", "0.0.0.0"])
            Assert.False(await IsServedAsync(app, host), $"The app answers under the name '{host}'.");
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Put, HttpMethod.Delete, HttpMethod.Options, HttpMethod.Patch])
            await app.RefusedAsync(method, "/api/reset", origin: "https://attacker.example");

        // Its own page says where it comes from.
        using var own = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/api/status"));
        own.Headers.Add("Sec-Fetch-Site", "same-origin");
        own.Headers.Add("Origin", app.Address.GetLeftPart(UriPartial.Authority));
        Assert.True(await app.IsAnsweredAsync(own));

        // A form needs no permission to post across sites, but cannot send JSON.
        using var form = new FormUrlEncodedContent([]);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.RefusedAsync(HttpMethod.Post, "/api/reset", form)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.RefusedAsync(HttpMethod.Get, "/../appsettings.json")).Status);
    }

    // A name that is no host never reaches the app.
    private static async Task<bool> IsServedAsync(RunningApp app, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/api/status"));
        return request.Headers.TryAddWithoutValidation("Host", host) && await app.IsAnsweredAsync(request);
    }
}
