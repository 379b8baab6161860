using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AutLearn.Tracing;

/// <summary>Traces each kind of program of this repository while it does its usual work.</summary>
public static partial class TracedPrograms
{
    private const int Answers = 20;

    /// <summary>Gets the commands of the tool that a traced program can run; <c>demo</c> needs nothing.</summary>
    public static IReadOnlyList<string> ToolCommands => ["demo", "inspect", "compile", "evaluate", "personalize", "pretrain"];

    /// <summary>Runs a command of the tool.</summary>
    public static Task<SystemCalls> ToolAsync(TracedWorld world, string command) =>
        Tracer.RunAsync(BuiltPrograms.Tool, [command, .. ToolArguments(world, command)], world);

    /// <summary>Types on the keyboard, learns, resets, and types on.</summary>
    public static Task<SystemCalls> KeyboardAsync(TracedWorld world) =>
        Tracer.RunAsync(BuiltPrograms.Keyboard, ["--profile", world.Given, "--port", "0"], world, async line =>
        {
            using HttpClient client = ClientOf(line);
            await TypeAsync(client);
            await PostAsync(client, "/api/learn", new { });
            await PostAsync(client, "/api/reset", new { });
            await TypeAsync(client);
        });

    /// <summary>Looks at photos and names them, learns, resets, and names on.</summary>
    public static Task<SystemCalls> GalleryAsync(TracedWorld world) =>
        Tracer.RunAsync(
            BuiltPrograms.Gallery,
            ["--package", TracedInputs.WritePicturePackage(world), "--photos", TracedInputs.WritePictures(world), "--profile", world.Given, "--port", "0"],
            world,
            async line =>
            {
                using HttpClient client = ClientOf(line);
                await NameAsync(client);
                await PostAsync(client, "/api/learn", new { });
                await PostAsync(client, "/api/reset", new { });
                await NameAsync(client);
            });

    /// <summary>Lives a day on a device.</summary>
    /// <param name="world">The folders.</param>
    /// <param name="onnxFirst">How long the app uses ONNX Runtime itself before it touches AutLearn; null if it does not.</param>
    public static Task<SystemCalls> DayAsync(TracedWorld world, TimeSpan? onnxFirst = null)
    {
        string[] first = onnxFirst is { } time ? ["--onnx-first", TracedInputs.WriteClassifier(world), $"{(int)time.TotalSeconds}"] : [];
        return Tracer.RunAsync(BuiltPrograms.Day, [.. first, TracedInputs.WriteDayPackage(world), world.Given], world);
    }

    private static IEnumerable<string> ToolArguments(TracedWorld world, string command) => command switch
    {
        "demo" => [],
        "inspect" => [TracedInputs.WriteClassifier(world)],
        "compile" => [TracedInputs.WriteClassifier(world), "--last", "1", "--out", Path.Combine(world.Given, "classifier.autlearn")],
        "evaluate" => [TracedInputs.WritePicturePackage(world), TracedInputs.WritePictures(world)],
        "personalize" =>
        [
            TracedInputs.WritePicturePackage(world), TracedInputs.WritePictures(world), "--epochs", "2",
            "--save-state", Path.Combine(world.Given, "me.state"), "--export", Path.Combine(world.Given, "me.onnx"),
        ],
        "pretrain" =>
        [
            TracedInputs.WritePictures(world), "--model", TracedInputs.WriteClassifier(world), "--epochs", "2",
            "--checkpoint", Path.Combine(world.Given, "run"), "--log", Path.Combine(world.Given, "run.jsonl"),
            "--plot", Path.Combine(world.Given, "run.png"), "--out", Path.Combine(world.Given, "trained.onnx"),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "There is no such command to trace."),
    };

    private static HttpClient ClientOf(string line) =>
        Address().Match(line) is { Success: true } address
            ? new HttpClient { BaseAddress = new Uri(address.Value) }
            : throw new InvalidOperationException($"The app names no address: {line}");

    private static async Task TypeAsync(HttpClient client)
    {
        for (int i = 0; i < Answers; i++)
        {
            JsonElement suggestions = await PostAsync(client, "/api/suggest", new { text = "to be or not to " });
            await PostAsync(client, "/api/feedback", new { id = suggestions.GetProperty("id").GetInt64(), word = "be" });
        }
    }

    private static async Task NameAsync(HttpClient client)
    {
        await client.GetFromJsonAsync<JsonElement>("/api/photos?count=100");
        await client.GetByteArrayAsync("/photos/0");
        for (int i = 0; i < Answers; i++)
            await PostAsync(client, $"/api/photos/{i}/answer", new { @class = i % TracedInputs.Classes });
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(path, body);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
