using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutLearn.Samples.Hosting;

/// <summary>A web app for one person on one machine: loopback only, pages from the assembly, nothing from elsewhere.</summary>
public static class LocalWebApp
{
    private const string PagePrefix = "Pages/";

    /// <summary>Creates an app that serves the pages embedded in an assembly.</summary>
    /// <param name="pages">Holds resources named <c>Pages/index.html</c> and so on.</param>
    /// <param name="port">0 takes any free port.</param>
    public static WebApplication Create(Assembly pages, int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);

        // A port in use is told in one line below, not with a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = 64 << 10;
            kestrel.AddServerHeader = false;
        });
        WebApplication app = builder.Build();
        app.Use(Guard);
        foreach (string resource in pages.GetManifestResourceNames().Where(n => n.StartsWith(PagePrefix, StringComparison.Ordinal)))
        {
            string name = resource[PagePrefix.Length..];
            byte[] content = Read(pages, resource);
            app.MapGet(name == "index.html" ? "/" : "/" + name, () => Results.Bytes(content, ContentType(name)));
        }

        // Browsers ask for an icon that no page names.
        app.MapGet("/favicon.ico", () => Results.NoContent());
        return app;
    }

    /// <summary>Runs an app until Ctrl+C and turns expected failures into a message.</summary>
    /// <param name="create">Creates the app and what belongs to it.</param>
    /// <param name="name">The app's name.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string name, Func<(WebApplication App, IAsyncDisposable Owned)> create)
    {
        try
        {
            (WebApplication app, IAsyncDisposable owned) = create();
            await using (owned)
            await using (app)
            {
                await app.StartAsync();
                Console.WriteLine($"{name} is at {app.Urls.First()} for this machine alone. Ctrl+C stops it.");
                await app.WaitForShutdownAsync();
            }

            return 0;
        }
        catch (Exception e) when (e is AutLearnException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task Guard(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!IsOwn(request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        try
        {
            await next(context);
        }
        catch (Exception e) when ((e is AutLearnException or IOException or UnauthorizedAccessException) && e is not BadHttpRequestException && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await context.Response.WriteAsJsonAsync(new { error = e.Message });
        }
    }

    /// <summary>Tells whether a request comes from the app's own page or its user, and not from another site's page.</summary>
    /// <remarks>
    /// That page could name this app by a host that it points at 127.0.0.1, show its pictures, or post a form to it. Browsers tell who asks in
    /// Origin and Sec-Fetch-Site, which no page can change; another app on this machine is another site too. A program that sends neither runs
    /// on this machine anyway.
    /// </remarks>
    private static bool IsOwn(HttpRequest request)
    {
        bool isLocalName = request.Host.Host is "127.0.0.1" or "localhost";
        bool isOwnOrigin = request.Headers.Origin.All(o => o == $"{request.Scheme}://{request.Host}");
        bool isOwnSite = request.Headers["Sec-Fetch-Site"].All(s => s is "same-origin" or "none");
        bool isReading = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return isLocalName && isOwnOrigin && isOwnSite && (isReading || request.HasJsonContentType());
    }

    private static byte[] Read(Assembly assembly, string resource)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
