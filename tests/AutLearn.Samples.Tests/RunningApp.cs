using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace AutLearn.Samples.Tests;

/// <summary>A sample app on a free port, and a client that speaks to it as its page does.</summary>
internal sealed class RunningApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IAsyncDisposable _owned;
    private readonly HttpClient _client;

    private RunningApp(WebApplication app, IAsyncDisposable owned)
    {
        _app = app;
        _owned = owned;
        Address = new Uri(app.Urls.Single());
        _client = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public static async Task<RunningApp> StartAsync(WebApplication app, IAsyncDisposable owned)
    {
        await app.StartAsync();
        return new(app, owned);
    }

    public Task<string> TextAsync(string path) => _client.GetStringAsync(path);

    public Task<byte[]> BytesAsync(string path) => _client.GetByteArrayAsync(path);

    public async Task<JsonElement> GetAsync(string path) => await _client.GetFromJsonAsync<JsonElement>(path);

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, $"{path} answered {response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async Task<(HttpStatusCode Status, string Text)> RefusedAsync(HttpMethod method, string path, HttpContent? content = null, string? host = null, string? origin = null, string? site = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        using HttpResponseMessage response = await _client.SendAsync(request);
        Assert.False(response.IsSuccessStatusCode);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<bool> IsAnsweredAsync(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await _client.SendAsync(request);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Asks for the status until the background has done what is awaited.</summary>
    public async Task<JsonElement> StatusWhenAsync(Func<JsonElement, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            JsonElement status = await GetAsync("/api/status");
            if (condition(status))
                return status;
            Assert.False(patience.IsCancellationRequested, $"It did not come to that: {status}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _owned.DisposeAsync();
    }
}
